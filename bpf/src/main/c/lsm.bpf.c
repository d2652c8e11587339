// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Asks the policies of the node at one hook of the kernel's security modules, and refuses what they refuse; loaded once for each hook that any of them
 * watches. The kernel calls it after the other modules, if they all let the call pass, and never passes it over, as it does with programs on functions
 * while one runs on that CPU: what must not happen is best forbidden here.
 */
#define SKEP_LSM
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "dispatch.h"

const volatile __u32 point; /* set before load */

SEC("lsm/file_open") /* or where the loader says */
int dispatch_lsm(void *ctx)
{
	__u32 at = point;
	struct watched_words *watched = bpf_map_lookup_elem(&point_watched, &at);
	struct chain *chain;

	if (!watched || !watched->entry || !is_in_node(bpf_get_current_task_btf()) || !is_active_generation(NEWEST_FIRST))
		return 0;
	chain = chain_of(ctx, at, watched);
	if (!chain)
		return 0;
	for (int i = 0; i < ARGUMENTS_MAX; i++)
		if (bpf_get_func_arg(ctx, i, &chain->arguments[i]))
			chain->arguments[i] = 0; /* the hook has fewer */
	return next_hook(ctx, chain, &lsm_programs);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
