// SPDX-License-Identifier: BSD-2-Clause
#include "app/run.hpp"

#include <span>

int main(int argc, char **argv) {
    return static_cast<int>(
        brpath::run({argv + (argc > 0), static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)}));
}
