// SPDX-License-Identifier: BSD-2-Clause
// Files that hold what the output has to be. After an intended change run the tests with
// BRPATH_WRITE_GOLDEN=1 and read the difference.
#pragma once

#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <string>

inline void check_golden(const std::string &name, const std::string &actual) {
    const std::string file = std::string(TEST_DATA_DIR) + "/" + name;

    // NOLINTNEXTLINE(concurrency-mt-unsafe): the tests have one thread
    if (std::getenv("BRPATH_WRITE_GOLDEN") != nullptr)
        std::ofstream(file, std::ios::binary) << actual;
    std::ifstream stream(file, std::ios::binary);
    const std::string expected{std::istreambuf_iterator<char>(stream), {}};
    INFO("golden file ", name);
    CHECK_FALSE(expected.empty());
    CHECK_EQ(actual, expected);
}
