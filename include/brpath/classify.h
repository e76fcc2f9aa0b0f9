/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a frame's observed facts mean. The only place where path, handling and reason are decided; compiled
 * into the BPF programs and into the host's tests, which run it as a table.
 */
#ifndef BRPATH_CLASSIFY_H
#define BRPATH_CLASSIFY_H

#include <brpath/abi.h>

/*
 * A frame that left by one port and was also handed up (a promiscuous bridge: tcpdump on it, or kubenet's
 * hairpin mode; a broadcast between two ports) went port to port: it counts as bridged.
 */
static inline enum brpath_path brpath_classify_path(const struct brpath_facts *facts)
{
	if (!facts->entered)
		return BRPATH_EGRESS;
	if (facts->ports_out > 1)
		return BRPATH_FLOODED;
	if (facts->ports_out == 1)
		return BRPATH_BRIDGED;
	if (facts->up)
		return facts->out_after_up ? BRPATH_ROUTED : BRPATH_UP;
	return BRPATH_DROPPED;
}

/* Conntrack did not keep a frame that the IP hooks ran for: is conntrack there at all? */
static inline enum brpath_handling brpath_hooked_without_entry(const struct brpath_facts *facts)
{
	if (facts->conntrack == BRPATH_ANSWER_NO)
		return BRPATH_HOOKED;
	if (facts->conntrack == BRPATH_ANSWER_YES)
		return BRPATH_UNTRACKED;
	return BRPATH_UNKNOWN;
}

static inline enum brpath_handling brpath_classify_handling(const struct brpath_facts *facts)
{
	enum brpath_path path = brpath_classify_path(facts);

	if (facts->nfct == BRPATH_NFCT_TRACKED)
		return BRPATH_TRACKED;
	if (facts->nfct == BRPATH_NFCT_UNTRACKED)
		return BRPATH_UNTRACKED;
	if (facts->nfct == BRPATH_NFCT_SEEN)
		return BRPATH_UNKNOWN;
	if (!facts->ip)
		return path == BRPATH_BRIDGED || path == BRPATH_FLOODED ? BRPATH_BYPASSED : BRPATH_NONE;
	switch (path) {
	case BRPATH_BRIDGED:
	case BRPATH_FLOODED:
		if (facts->hooked == BRPATH_ANSWER_NO)
			return BRPATH_BYPASSED;
		return facts->hooked == BRPATH_ANSWER_YES ? brpath_hooked_without_entry(facts) : BRPATH_UNKNOWN;
	case BRPATH_ROUTED:
	case BRPATH_EGRESS:
		return brpath_hooked_without_entry(facts);
	case BRPATH_UP:
		/* The IP stack runs its hooks after this point: only their absence is known already. */
		return facts->conntrack == BRPATH_ANSWER_NO ? BRPATH_HOOKED : BRPATH_UNKNOWN;
	default:
		return BRPATH_UNKNOWN; /* dropped: it may have died before the hooks, in them, or after */
	}
}

/*
 * Does br_netfilter hand a frame with an IP header below this tag to the IP hooks? The conditions are those of
 * br_nf_pre_routing() in net/bridge/br_netfilter_hooks.c. setting->call has the bridge's own attribute in it.
 */
static inline enum brpath_answer brpath_is_hooked(enum brpath_tag tag, const struct brpath_setting *setting)
{
	if (setting->module == BRPATH_ANSWER_NO || setting->call == BRPATH_ANSWER_NO)
		return BRPATH_ANSWER_NO;
	if (tag == BRPATH_TAG_VLAN && setting->filter_vlan != BRPATH_ANSWER_YES)
		return (enum brpath_answer)setting->filter_vlan;
	if (tag == BRPATH_TAG_PPPOE && setting->filter_pppoe != BRPATH_ANSWER_YES)
		return (enum brpath_answer)setting->filter_pppoe;
	return setting->module == BRPATH_ANSWER_YES ? (enum brpath_answer)setting->call : BRPATH_ANSWER_UNKNOWN;
}

/*
 * Why a bypassed IP frame was bypassed. A tag that br_netfilter is not asked to look below comes before the
 * sysctl: switching the sysctl on would not help such a frame.
 */
static inline enum brpath_reason brpath_classify_reason(enum brpath_tag tag, const struct brpath_setting *setting)
{
	if (setting->module == BRPATH_ANSWER_NO)
		return BRPATH_MODULE_ABSENT;
	if (tag == BRPATH_TAG_VLAN && setting->filter_vlan == BRPATH_ANSWER_NO)
		return BRPATH_VLAN_TAGGED;
	if (tag == BRPATH_TAG_PPPOE && setting->filter_pppoe == BRPATH_ANSWER_NO)
		return BRPATH_PPPOE_TAGGED;
	if (setting->call == BRPATH_ANSWER_NO)
		return BRPATH_SYSCTL_OFF;
	return BRPATH_REASON_UNKNOWN;
}

/* Completes the key of a frame that has ended: it can be counted now. */
static inline void brpath_close_frame(struct brpath_frame *frame)
{
	frame->key.path = brpath_classify_path(&frame->facts);
	frame->key.handling = brpath_classify_handling(&frame->facts);
	if (frame->key.handling != BRPATH_BYPASSED)
		frame->key.reason = frame->key.path == BRPATH_DROPPED ? frame->drop : 0;
	else if (!frame->facts.ip)
		frame->key.reason = BRPATH_NOT_IP;
	if (frame->key.path == BRPATH_FLOODED) {
		/* Its copies left by several ports: none of them is the way out. */
		frame->key.port_out = 0;
		frame->key.translation = 0;
	}
}

#endif
