// SPDX-License-Identifier: BSD-2-Clause
#include "probe/kernel_types.hpp"

#include <array>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace brpath {

namespace {

// A tracepoint's type is a typedef with this prefix (kernel: BTF_TRACE_IDs).
std::int32_t find_type(const btf *types, AttachKind kind, const char *symbol) {
    if (kind == AttachKind::tracepoint)
        return btf__find_by_name_kind(types, fmt::format("btf_trace_{}", symbol).c_str(), BTF_KIND_TYPEDEF);
    return btf__find_by_name_kind(types, symbol, BTF_KIND_FUNC);
}

} // namespace

// Without types if it is not loaded or has none.
KernelTypes::Module KernelTypes::read_module(const char *wanted) const {
    std::uint32_t id = 0;

    while (bpf_btf_get_next_id(id, &id) == 0) {
        Module module{UniqueFd(bpf_btf_get_fd_by_id(id)), nullptr};
        std::array<char, 64> name{};
        bpf_btf_info info{};
        __u32 length = sizeof(info);

        info.name = reinterpret_cast<__u64>(name.data());
        info.name_len = name.size();
        if (!module.fd || bpf_obj_get_info_by_fd(module.fd.get(), &info, &length))
            continue; // gone since
        // Before 5.11 no module has any, and the kernel does not fill in these two fields.
        if (!info.kernel_btf || std::string_view(name.data()) != wanted)
            continue;
        module.types.reset(btf__load_from_kernel_by_id_split(id, vmlinux_.get()));
        return module;
    }
    return {};
}

TypeOfSymbol KernelTypes::find(const Candidate &candidate) {
    if (!vmlinux_)
        vmlinux_.reset(btf__load_vmlinux_btf());
    if (!vmlinux_)
        return {};
    if (const auto type = find_type(vmlinux_.get(), candidate.kind, candidate.symbol); type > 0)
        return {UniqueFd(), static_cast<std::uint32_t>(type)};
    if (!candidate.module)
        return {};
    if (!modules_.contains(candidate.module))
        modules_.emplace(candidate.module, read_module(candidate.module));
    const auto &module = modules_.at(candidate.module);
    if (module.types)
        if (const auto type = find_type(module.types.get(), candidate.kind, candidate.symbol); type > 0)
            return {UniqueFd(dup(module.fd.get())), static_cast<std::uint32_t>(type)};
    return {};
}

} // namespace brpath
