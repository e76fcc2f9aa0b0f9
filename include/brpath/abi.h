/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs and the loader share: fixed-width fields only, explicit padding, sizes asserted on
 * both sides, so that the two cannot drift apart.
 */
#ifndef BRPATH_ABI_H
#define BRPATH_ABI_H

#include <linux/types.h>

#ifdef __cplusplus
#define BRPATH_ASSERT_SIZE(type, size) static_assert(sizeof(type) == (size), #type)
#else
#define BRPATH_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#endif

/* Where a frame went. docs/words.md has the definitions. */
enum brpath_path {
	BRPATH_BRIDGED,
	BRPATH_ROUTED,
	BRPATH_UP,
	BRPATH_FLOODED,
	BRPATH_DROPPED,
	BRPATH_EGRESS,
	BRPATH_PATHS,
};

/* What netfilter made of a frame. */
enum brpath_handling {
	BRPATH_TRACKED,
	BRPATH_UNTRACKED,
	BRPATH_HOOKED,
	BRPATH_BYPASSED,
	BRPATH_UNKNOWN,
	BRPATH_NONE, /* not an IP frame, and it left layer 2: no IP hook was there to run or to be missed */
	BRPATH_HANDLINGS,
};

/* Why a frame was bypassed. */
enum brpath_reason {
	BRPATH_SYSCTL_OFF,
	BRPATH_MODULE_ABSENT,
	BRPATH_VLAN_TAGGED,
	BRPATH_PPPOE_TAGGED,
	BRPATH_NOT_IP,
	BRPATH_REASON_UNKNOWN,
	BRPATH_REASONS,
};

/* Why a frame that was not bypassed was dropped. */
enum brpath_drop {
	BRPATH_DROP_UNKNOWN,
	BRPATH_DROP_IP_HOOKS, /* br_netfilter handed it to the IP hooks, and one of them said so */
	BRPATH_DROPS,
};

/* How the IP header was wrapped when the frame entered; br_netfilter hooks wrapped frames only on request. */
enum brpath_tag {
	BRPATH_TAG_NONE,
	BRPATH_TAG_VLAN,
	BRPATH_TAG_PPPOE,
};

/* Which way conntrack says a tracked frame goes; none if it is not tracked. */
enum brpath_direction {
	BRPATH_DIR_NONE,
	BRPATH_DIR_ORIGINAL,
	BRPATH_DIR_REPLY,
};

/*
 * IPv4 addresses stand in the first four bytes, the rest is zero. Ports are in host order; ICMP echo has its
 * identifier in both, an ICMP error about a packet that its sender got the ports that an answer to that packet has.
 * Aligned, so that it is copied by words.
 */
struct brpath_tuple {
	__u8 saddr[16];
	__u8 daddr[16];
	__u16 sport;
	__u16 dport;
} __attribute__((aligned(4)));
BRPATH_ASSERT_SIZE(struct brpath_tuple, 36);

/*
 * One row of the flow table. The CPU is part of the key: every entry then has one writer, which needs no
 * atomic operations, and the table's memory does not grow with the number of CPUs
 * (docs/decisions/0003-flow-table.md).
 */
struct brpath_flow_key {
	struct brpath_tuple in; /* the header where the frame entered (egress: where it left) */
	__u32 port_in;		/* ifindex of the port it entered by; 0 for egress */
	__u32 port_out;	   /* ifindex of the port it left by; 0 for up and flooded; dropped: it was to leave by, or 0 */
	__u32 translation; /* 0: left with the header it came with; else a hash of flow.out */
	__u16 cpu;
	__u16 ethertype; /* host order, below any tag */
	__u16 vlan;	 /* VLAN id, 0 when untagged or priority-tagged */
	__u8 proto;	 /* IP protocol; 0 when ethertype is not IP */
	__u8 tag;	 /* enum brpath_tag */
	__u8 path;	 /* enum brpath_path */
	__u8 handling;	 /* enum brpath_handling */
	__u8 reason;	 /* bypassed: enum brpath_reason; otherwise, if dropped: enum brpath_drop; else 0 */
	__u8 quoted;	 /* ICMP errors: IP protocol of the packet that the sender of this quotes; else 0 */
};
BRPATH_ASSERT_SIZE(struct brpath_flow_key, 60);

/* The type of a later fragment. IANA has not assigned it, and reserves it. */
#define BRPATH_ICMP_UNKNOWN 255

/*
 * Counts are what has not been reported yet. Less than zero: a frame turned out to be something else than it was
 * counted as, and the count that is taken back has been reported before, or is another CPU's.
 */
struct brpath_flow {
	__s64 frames;
	__s64 bytes;		 /* layer 2 length as the port's counters have it, without an outer VLAN tag */
	__u64 first_ns;		 /* CLOCK_MONOTONIC at the entry's creation; 0 for a frame counted late */
	struct brpath_tuple out; /* the header as it left; equal to key.in when translation is 0 */
	__s32 tcp_syn;		 /* SYN without ACK */
	__s32 tcp_rst;
	__u8 tcp_flags; /* of these frames, or'ed */
	__u8 icmp_type; /* of the first frame; BRPATH_ICMP_UNKNOWN if it was not there to read */
	__u8 direction; /* enum brpath_direction of the first frame */
	__u8 pad;
};
BRPATH_ASSERT_SIZE(struct brpath_flow, 72);

enum { BRPATH_RECENT_FLOWS = 64 }; /* a power of two */

/*
 * In front of the flow table, per CPU and parity of the generation: flows that are in that table already, found by a
 * cheap hash. Who is counted there keeps the place until the generation ends; who was seen once does not. The counts
 * are to be added to the table's.
 */
struct brpath_recent {
	struct brpath_flow_key key;
	__u32 generation; /* of another one: the place is empty */
	struct brpath_flow flow;
};
BRPATH_ASSERT_SIZE(struct brpath_recent, 136);

struct brpath_recent_flows {
	struct brpath_recent places[BRPATH_RECENT_FLOWS];
};

/* An entry on its way out of a flow table. */
struct brpath_drained {
	struct brpath_flow flow;
	struct brpath_flow_key key;
	__u32 pad;
};
BRPATH_ASSERT_SIZE(struct brpath_drained, 136);

enum brpath_record_kind {
	BRPATH_RECORD_FLOW,	   /* counts of a flow: new, ended */
	BRPATH_RECORD_TRANSLATION, /* no counts: a connection was confirmed whose header differs on the other side */
};

/* What travels through the ring buffer. */
struct brpath_record {
	__u32 generation; /* of the flow table that these counts were taken from */
	__u32 kind;	  /* enum brpath_record_kind */
	struct brpath_flow flow;
	struct brpath_flow_key key;
	__u32 pad;
};
BRPATH_ASSERT_SIZE(struct brpath_record, 144);

/* What skb->_nfct says. */
enum brpath_nfct {
	BRPATH_NFCT_NONE,      /* conntrack did not have it */
	BRPATH_NFCT_UNTRACKED, /* conntrack saw it and left it: NOTRACK, invalid, or a protocol it leaves alone */
	BRPATH_NFCT_TRACKED,
	BRPATH_NFCT_SEEN, /* conntrack was called for it; what it made of it is not known yet */
};

enum brpath_answer {
	BRPATH_ANSWER_UNKNOWN,
	BRPATH_ANSWER_NO,
	BRPATH_ANSWER_YES,
};

/* What was observed of a frame; classify.h says what it means. */
struct brpath_facts {
	__u8 entered;	/* it came in by a port */
	__u8 ports_out; /* ports it left by without having gone up: 0, 1, 2 for several */
	__u8 up;	/* handed to the host's stack */
	__u8 out_after_up;
	__u8 ip;	/* IPv4 or IPv6 below the tags */
	__u8 hooked;	/* enum brpath_answer: does br_netfilter hand such a frame to the IP hooks */
	__u8 nfct;	/* enum brpath_nfct */
	__u8 conntrack; /* enum brpath_answer: would conntrack have seen it, had the IP hooks run */
};
BRPATH_ASSERT_SIZE(struct brpath_facts, 8);

/* The frame that entered last on a CPU. It is counted when it is known to have ended. */
struct brpath_frame {
	__u64 skb;
	__u64 head;
	__u64 net;  /* struct net * */
	__u64 port; /* struct net_bridge_port * of the port that it left by first */
	struct brpath_facts facts;
	struct brpath_flow_key key; /* path and handling are filled in at its end */
	struct brpath_tuple out;    /* the header as it left, if key.translation is not 0 */
	__u32 generation;	    /* in which it entered */
	__u32 bytes;
	__u32 bridge;	/* ifindex of the bridge device; known once the frame went up */
	__u8 open;	/* there is a frame, and it is not counted */
	__u8 direction; /* enum brpath_direction */
	__u8 tcp_flags;
	__u8 icmp_type;
	__u8 has_l4; /* the header had ports when it entered */
	__u8 waits;  /* a copy of this is among those that wait */
	__u8 gone;   /* left by a device that is no port, freed, or went on later from elsewhere */
	__u8 fragment;
	__u8 plain; /* an IPv4 header without options, and ports above it */
	__u8 drop;  /* enum brpath_drop, for the key if it was dropped */
	__u8 pad[2];
};
BRPATH_ASSERT_SIZE(struct brpath_frame, 160);

/*
 * Monotonic, per CPU and per parity of the generation. A frame counts as entered in the generation in which
 * it entered, and under its path in the generation in which that became known.
 */
struct brpath_totals {
	__u64 entered;
	__u64 flow_table_full; /* frames that found no room; each is in unattributed */
	__u64 ring_full;       /* records that found no room; their counts stay in the table */
	__s64 unattributed[BRPATH_PATHS][BRPATH_HANDLINGS];
};

/* Verdict on one array of hook functions, kept until the array or the generation changes. */
struct brpath_hooks_seen {
	__u64 entries;
	__u32 generation;
	__u32 conntrack; /* enum brpath_answer */
};

/* Aligned, so that no two CPUs write to one cache line. */
struct brpath_cpu {
	struct brpath_frame frame;
	struct brpath_frame late; /* scratch, for one that is not the current one */
	struct brpath_totals totals[2];
	struct brpath_hooks_seen hooks[2]; /* IPv4, IPv6 */
	__u64 skb_copy[2][28];		   /* scratch, too large for a program's stack: at enter, elsewhere */
	__u32 last_translation;		   /* a hash: the same one is not reported again and again */
	__u32 pad;
} __attribute__((aligned(64)));

/* Bits of brpath_config.tracepoint_stages. */
enum brpath_tracepoint_stage {
	BRPATH_TP_ENTER = 1,
	BRPATH_TP_UP = 2,
	BRPATH_TP_LEAVE = 4,
};

/* Set between open and load, constant to the verifier. */
struct brpath_config {
	__u32 netns;		 /* inode number of the network namespace */
	__u32 bridge;		 /* ifindex of the only bridge to look at; 0: all */
	__u32 tracepoint_stages; /* which stages the tracepoint programs serve */
	__u32 cpus;		 /* possible ones: entries of the map of that name */
	__u32 remember_ended;	 /* no hook tells which frames wait: any that has ended without a trace may be one */
	__u32 pad;
};
BRPATH_ASSERT_SIZE(struct brpath_config, 24);

/* The setting as far as one address family is concerned. */
struct brpath_setting {
	__u8 module;	   /* enum brpath_answer: br_netfilter is there in this namespace */
	__u8 call;	   /* enum brpath_answer: bridge-nf-call-iptables or -ip6tables */
	__u8 filter_vlan;  /* enum brpath_answer */
	__u8 filter_pppoe; /* enum brpath_answer */
};
BRPATH_ASSERT_SIZE(struct brpath_setting, 4);

/* In brpath_control.conntrack_in: there is no such function, nf_conntrack is not loaded. */
#define BRPATH_CONNTRACK_ABSENT 1

/* Written by the loader while the programs run, unless it says otherwise. */
struct brpath_control {
	__u32 enabled; /* set last, when every hook is attached */
	__u32 generation;
	struct brpath_setting setting[2]; /* IPv4, IPv6: the sysctls */
	__u32 bridge_attributes;	  /* not 0: some bridge has an attribute of its own that says yes */
	__u32 stacked;			  /* not 0: there are stacked devices */
	__u64 conntrack_in[2];		  /* addresses of the IPv4 and IPv6 hook functions; 0: not known */
	__u64 nf_hook_slow[2];		  /* where that function begins and ends; 0, 0: not known */
	__u64 net;			  /* struct net * of config.netns; written by the programs, 0 until then */
};
BRPATH_ASSERT_SIZE(struct brpath_control, 64);

/* In brpath_stacked_key.vlan: the device is a VLAN device on top of a bridge. */
#define BRPATH_STACKED_ABOVE 0x10000

/*
 * Devices that are neither ports nor bridges, and belong to one: those below a port that is a bond, a team or a VLAN
 * device (the netif_receive_skb tracepoint fires for them and not for the port), and VLAN devices on top of a bridge.
 */
struct brpath_stacked_key {
	__u32 ifindex;
	__u32 vlan; /* id that a frame has when it belongs to the port; 0: any frame; or BRPATH_STACKED_ABOVE */
};
BRPATH_ASSERT_SIZE(struct brpath_stacked_key, 8);

struct brpath_stacked {
	__u32 port; /* ifindex; 0 above a bridge */
	__u32 bridge;
};
BRPATH_ASSERT_SIZE(struct brpath_stacked, 8);

#endif
