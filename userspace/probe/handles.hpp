// SPDX-License-Identifier: BSD-2-Clause
// Owners of libbpf's objects.
#pragma once

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <memory>

namespace brpath {

struct LinkDeleter {
    void operator()(bpf_link *link) const { bpf_link__destroy(link); }
};
using LinkHandle = std::unique_ptr<bpf_link, LinkDeleter>;

struct RingBufferDeleter {
    void operator()(ring_buffer *ring) const { ring_buffer__free(ring); }
};
using RingBufferHandle = std::unique_ptr<ring_buffer, RingBufferDeleter>;

struct BtfDeleter {
    void operator()(btf *types) const { btf__free(types); }
};
using BtfHandle = std::unique_ptr<btf, BtfDeleter>;

} // namespace brpath
