// SPDX-License-Identifier: BSD-2-Clause
#include "probe/table_drain.hpp"

#include "util/unique_fd.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <unistd.h>

namespace brpath {

namespace {

// The kernel hands out at most its own buffer of 32 KB at a time, in whole entries or in parts of one.
constexpr std::size_t buffer_bytes = 65536;

// One walk over the table. How many bytes came.
Result<std::size_t> walk(int iterator, std::vector<char> &bytes) {
    const UniqueFd reader(bpf_iter_create(iterator));

    if (!reader)
        return fail_errno("begin to read the flow table", errno);
    for (std::size_t filled = 0;;) {
        bytes.resize(filled + buffer_bytes);
        const ssize_t got = ::read(reader.get(), bytes.data() + filled, buffer_bytes);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) // EAGAIN: a million entries were passed over
            continue;
        if (got < 0)
            return fail_errno("read the flow table", errno);
        if (got == 0)
            return filled;
        filled += static_cast<std::size_t>(got);
    }
}

} // namespace

Result<void> drain_table(int iterator, std::vector<brpath_drained> &entries) {
    std::vector<char> bytes;

    // A walk that is interrupted within a bucket goes on after as many entries as it has seen there, and
    // those are gone: what it skips is found by the next walk. The last one finds nothing.
    for (;;) {
        const auto filled = walk(iterator, bytes);
        if (!filled)
            return Failure(filled.error());
        const std::size_t count = *filled / sizeof(brpath_drained);
        if (count == 0)
            return {};
        const std::size_t before = entries.size();
        entries.resize(before + count);
        std::memcpy(&entries[before], bytes.data(), count * sizeof(brpath_drained));
    }
}

} // namespace brpath
