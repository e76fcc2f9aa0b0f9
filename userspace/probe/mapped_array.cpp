// SPDX-License-Identifier: BSD-2-Clause
#include "probe/mapped_array.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace brpath::detail {

void Unmap::operator()(const void *address) const { munmap(const_cast<void *>(address), bytes); }

Result<Mapping> map_array(int map, std::size_t bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t whole = (bytes + page - 1) / page * page;
    const void *address = mmap(nullptr, whole, PROT_READ, MAP_SHARED, map, 0);

    if (address == MAP_FAILED)
        return fail_errno("map what the programs count", errno);
    return Mapping(address, Unmap{whole});
}

} // namespace brpath::detail
