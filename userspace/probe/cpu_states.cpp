// SPDX-License-Identifier: BSD-2-Clause
#include "probe/cpu_states.hpp"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace brpath {

void CpuStates::Unmap::operator()(const void *address) const { munmap(const_cast<void *>(address), bytes); }

Result<CpuStates> CpuStates::make(int map, std::size_t cpus) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = (cpus * sizeof(brpath_cpu) + page - 1) / page * page;
    const void *address = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, map, 0);

    if (address == MAP_FAILED)
        return fail_errno("map the CPUs' state", errno);
    return CpuStates({address, Unmap{bytes}}, cpus);
}

std::vector<brpath_cpu> CpuStates::read() const {
    std::vector<brpath_cpu> states(cpus_);

    std::memcpy(states.data(), memory_.get(), cpus_ * sizeof(brpath_cpu));
    return states;
}

} // namespace brpath
