/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A restarted agent attaches its programs beside those of its predecessor, then makes them the active ones, then detaches the old: no call is missed,
 * none is counted twice. One integer alone would not do: old and new run one after the other for the same call (those of a system call may even be
 * preempted in between, since 6.13), and if the integer changes just then, both act or none. So there is a short time of handing over, in which who acts
 * leaves a note for who comes after it. A tracepoint runs its programs in the order of their attachment, fentry and kprobes run the newest first.
 */
#ifndef SKEP_GENERATION_H
#define SKEP_GENERATION_H

#include "maps.h"

const volatile __u32 generation; /* set before load */

enum order {
	OLDEST_FIRST,
	NEWEST_FIRST,
};

/*
 * While handing over. A note is always about the call that this thread is in, for each call begins with a program that makes or deletes it,
 * and the agent deletes what earlier times left before it begins to hand over. Where the newest
 * runs first it may have left the call to the old one, which has meanwhile lost its turn: without a note the old one acts.
 */
static __noinline bool is_ours(__u32 acting, enum order order)
{
	__u32 tid = bpf_get_current_pid_tgid(), *by = bpf_map_lookup_elem(&handled, &tid), ours = generation;
	bool is_done = by && *by != ours;

	if (acting == ours && !is_done) {
		bpf_map_update_elem(&handled, &tid, &ours, BPF_ANY);
		return true;
	}
	if (by)
		bpf_map_delete_elem(&handled, &tid);
	return order == NEWEST_FIRST && ours < acting && !is_done;
}

static __always_inline bool is_active_generation(enum order order)
{
	__u32 zero = 0, *value = bpf_map_lookup_elem(&active_generation, &zero), now;

	if (!value)
		return false;
	now = *(volatile __u32 *)value;
	if (now & HANDING_OVER)
		return is_ours(now >> 1, order);
	return now >> 1 == generation;
}

#endif
