// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The dispatcher of raw tracepoints, loaded once for each, for only newer kernels (6.10) would tell a program by a cookie which one it is. It gets what the
 * kernel's code gave the tracepoint. It may run anywhere, also in an interrupt, and be stopped in the middle: claim.h.
 */
#define SKEP_RAW
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "dispatch.h"

const volatile __u32 point; /* set before load, as is ... */
const volatile __u32 arguments; /* ... how many it has: a program that reads more is not attached */

SEC("raw_tracepoint")
int dispatch_raw(__u64 *given)
{
	__u32 here = point;
	struct watched_words *watched = bpf_map_lookup_elem(&point_watched, &here);
	struct chain *chain;

	if (!watched || !watched->entry || !is_in_node(bpf_get_current_task_btf()) || !is_active_generation(OLDEST_FIRST))
		return 0;
	chain = chain_of(given, here, watched);
	if (!chain)
		return 0;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < REGISTERS_MAX; i++)
		if (arguments > i)
			chain->arguments[i] = given[i];
	next_hook(given, chain, &raw_programs);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
