// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Asks the policies of the node at one hook of the kernel's security modules, and refuses what they refuse; loaded once for each hook that any of them
 * watches. The kernel calls it after the other modules, if they all let the call pass, and from 6.2 on never passes it over, as it does with programs on
 * functions while one runs on that CPU: what must not happen is best forbidden here.
 */
#define SKEP_LSM
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "dispatch.h"

#define EAGAIN 11

const volatile __u32 point; /* set before load */

struct walk_unasked {
	__u32 point;
	bool refused;
};

/* One turn for each slot; 1 ends it. */
static long look_at_unasked(__u64 turn, struct walk_unasked *walk)
{
	struct hook_bits *refusing = bpf_map_lookup_elem(&override_hooks, &walk->point), *in_scope = hooks_in_scope();
	__u32 slot = turn & (HOOKS_MAX - 1), word = slot / 64;
	struct hook_state *state;

	if (!refusing || !in_scope)
		return 1;
	if (!((refusing->words[word] & in_scope->words[word]) >> slot % 64 & 1))
		return 0;
	state = bpf_map_lookup_elem(&hooks, &slot);
	walk->refused = state && !state->monitor;
	return walk->refused;
}

/*
 * No space is free: more runs are in the middle than there are spaces, as many processes can bring about where the kernel stops them anywhere. What one of
 * the hooks here might refuse is refused then, for else it would be let through unasked.
 */
static __noinline int unasked(__u32 at)
{
	struct walk_unasked walk = {.point = at};

	bpf_loop(HOOKS_MAX, look_at_unasked, &walk, 0);
	return walk.refused ? -EAGAIN : 0;
}

SEC("lsm/file_open") /* or where the loader says */
int dispatch_lsm(void *ctx)
{
	__u32 at = point;
	struct watched_words *watched = bpf_map_lookup_elem(&point_watched, &at);
	struct hook_bits *watching, *in_scope;
	struct chain *chain;

	if (!watched || !watched->entry || !is_in_node(bpf_get_current_task_btf()) || !is_active_generation(NEWEST_FIRST))
		return 0;
	watching = bpf_map_lookup_elem(&point_hooks, &at);
	in_scope = hooks_in_scope();
	if (!watching || !in_scope || !any_hook(watched->entry, watching, in_scope))
		return 0;
	chain = new_chain(ctx, at, watched->entry, watching, in_scope);
	if (!chain)
		return watched->overrides ? unasked(at) : 0;
	for (int i = 0; i < ARGUMENTS_MAX; i++)
		if (bpf_get_func_arg(ctx, i, &chain->arguments[i]))
			chain->arguments[i] = 0; /* the hook has fewer */
	return next_hook(ctx, chain, &lsm_programs);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
