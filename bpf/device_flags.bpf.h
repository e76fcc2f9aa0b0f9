/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What net_device.priv_flags says of a device.
 */
#ifndef BRPATH_DEVICE_FLAGS_BPF_H
#define BRPATH_DEVICE_FLAGS_BPF_H

#include <stdbool.h>

#include <bpf/bpf_core_read.h>

struct net_device;

/* Values are relocated: only the names count. */
enum netdev_priv_flags {
	IFF_EBRIDGE = 1 << 1,
	IFF_BRIDGE_PORT = 1 << 9,
};

/*
 * beb5a9bea820 ("netdevice: convert private flags > BIT(31) to bitfields"), v6.12: priv_flags is a bit-field
 * of 32 bits. Declared as one, it is read correctly in both forms.
 */
struct net_device___priv_flags {
	unsigned long priv_flags : 32;
} __attribute__((preserve_access_index));

#define DEFINE_DEVICE_FLAG(name, flag, READ_BITS)                                                                      \
	static __always_inline bool name(struct net_device *dev)                                                       \
	{                                                                                                              \
		struct net_device___priv_flags *flags = (void *)dev;                                                   \
                                                                                                                       \
		return READ_BITS(flags, priv_flags) & bpf_core_enum_value(enum netdev_priv_flags, flag);               \
	}

DEFINE_DEVICE_FLAG(is_bridge_device_probed, IFF_EBRIDGE, BPF_CORE_READ_BITFIELD_PROBED)

#endif
