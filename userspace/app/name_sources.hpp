// SPDX-License-Identifier: BSD-2-Clause
// All sources of names there are: the one place that knows them.
#pragma once

#include "names/source.hpp"

#include <memory>
#include <string>
#include <vector>

namespace brpath {

struct NameSourceOptions {
    std::vector<std::string> wanted{}; // ids; empty: all
    std::string kubeconfig{};          // empty: what can be found
    std::string root{};                // goes before each path that a source reads; empty but for tests
};

// The most trusted first.
std::vector<std::unique_ptr<NameSource>> make_name_sources(const NameSourceOptions &options);

} // namespace brpath
