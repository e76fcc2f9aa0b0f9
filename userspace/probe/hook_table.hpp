// SPDX-License-Identifier: BSD-2-Clause
// Where brpath listens, as data: one row per hook, its candidates in the order of preference.
#pragma once

#include <cstdint>
#include <span>

namespace brpath {

// How a program is attached. `tracepoint` means through the kernel's BTF (tp_btf).
enum class AttachKind : std::uint8_t { fentry, fexit, kprobe, tracepoint };

struct Candidate {
    AttachKind kind;
    const char *module;       // that has the symbol where it is not built in; nullptr: it always is
    const char *symbol;       // kernel function or tracepoint
    const char *program;      // in bpf/
    std::uint32_t helper = 0; // a BPF helper that it cannot do without; 0: all kernels have what it calls
    std::uint32_t tracepoint_stage = 0; // enum brpath_tracepoint_stage; 0: the program serves one stage only
    bool in_every_backend = false;      // taken whatever --backend says: there is no other way
};

// The row is not needed unless the hook of that name is served that way.
struct Condition {
    const char *hook = nullptr;
    AttachKind kind{};
};

struct Hook {
    const char *name;    // a stage of a frame's life
    const char *purpose; // what is not known without it
    bool required;
    std::span<const Candidate> candidates;
    Condition only_if{}; // an earlier row
};

// The hooks that tell which frames wait. Where one of them is missing, every frame that has ended without a
// trace may be one.
inline constexpr const char *wait_hooks[] = {"queued", "unresolved"};

std::span<const Hook> hook_table();

// The name of the backend that a way to attach belongs to: "fentry" (fexit too), "kprobe" or "tracepoint".
const char *backend_name(AttachKind kind);

} // namespace brpath
