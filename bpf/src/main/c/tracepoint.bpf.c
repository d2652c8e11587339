// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One program for every tracepoint that any policy of the node watches, attached to each of them by perf, which turns preemption off around it; its cookie
 * says which one it is. The hooks read what they want of the record by themselves (field.h).
 */
#define SKEP_FUNCTIONS
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "dispatch.h"

SEC("tracepoint")
int dispatch_tracepoint(void *record)
{
	__u32 point = bpf_get_attach_cookie(record);
	struct watched_words *watched = bpf_map_lookup_elem(&point_watched, &point);
	struct chain *chain;

	if (!watched || !watched->entry || !is_in_node(bpf_get_current_task_btf()) || !is_active_generation(OLDEST_FIRST))
		return 0;
	chain = chain_of(record, point, watched);
	if (chain)
		next_hook(record, chain, &tracepoint_programs);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
