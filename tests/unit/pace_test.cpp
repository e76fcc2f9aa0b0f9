// SPDX-License-Identifier: BSD-2-Clause
#include "util/pace.hpp"

#include <doctest/doctest.h>

namespace {

using namespace brpath;
using std::chrono::milliseconds;

TEST_CASE("what takes long is due less often") {
    const Pace::Clock::time_point start{};
    Pace pace(50);

    CHECK(pace.is_due(start));
    pace.took(start, start + milliseconds(4));
    CHECK_FALSE(pace.is_due(start + milliseconds(203)));
    CHECK(pace.is_due(start + milliseconds(204)));
    pace.took(start + milliseconds(300), start + milliseconds(700));
    CHECK_FALSE(pace.is_due(start + milliseconds(20699)));
    CHECK(pace.is_due(start + milliseconds(20700)));
}

} // namespace
