// SPDX-License-Identifier: BSD-2-Clause
#include "cli/suggest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace brpath {

namespace {

// Insertions, deletions, replacements and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);

    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); i++) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); j++) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = std::exchange(last, row);
    }
    return last[b.size()];
}

} // namespace

std::string nearest(std::string_view typed, std::span<const std::string> known) {
    constexpr std::size_t typed_max = 64; // nobody mistypes more; bounds the work
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;

    if (typed.size() > typed_max)
        return {};
    for (const auto &word : known) {
        // what was typed so far is as good as one slip
        const bool begins = typed.size() > 2 && word.starts_with(typed);
        const std::size_t distance = begins ? 1 : edit_distance(typed, word);
        if (distance < best_distance) {
            best = word;
            best_distance = distance;
        }
    }
    return best;
}

} // namespace brpath
