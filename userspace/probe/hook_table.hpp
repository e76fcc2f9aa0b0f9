// SPDX-License-Identifier: BSD-2-Clause
// Where brpath listens, as data: one row per hook, its candidates in the order of preference.
#pragma once

#include <cstdint>
#include <span>

namespace brpath {

// How a program is attached. `tracepoint` means through the kernel's BTF (tp_btf).
enum class AttachKind : std::uint8_t { fentry, fexit, tracepoint };

struct Candidate {
    AttachKind kind;
    const char *symbol;   // kernel function or tracepoint
    const char *program;  // in bpf/brpath.bpf.c
    std::uint32_t helper; // a BPF helper that it cannot do without; 0: all kernels have what it calls
    std::uint32_t tracepoint_stage; // enum brpath_tracepoint_stage; 0: the program serves one stage only
};

struct Hook {
    const char *name;    // a stage of a frame's life
    const char *purpose; // what is not known without it
    bool required;
    std::span<const Candidate> candidates;
};

std::span<const Hook> hook_table();

// The name of the backend that a way to attach belongs to: "fentry" (fexit too) or "tracepoint".
const char *backend_name(AttachKind kind);

} // namespace brpath
