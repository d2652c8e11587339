/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the dispatchers share: which hooks a call meets. The tests go from cheap to dear, and most calls leave at the first.
 */
#ifndef SKEP_DISPATCH_H
#define SKEP_DISPATCH_H

#include "chain.h"
#include "cover.h"
#include "generation.h"
#include "maps.h"
#include "return.h"
#include "task.h"

static __always_inline struct hook_bits *hooks_in_scope(void)
{
	__u32 zero = 0, cover;
	struct covering *known = bpf_map_lookup_elem(&covering, &zero);

	if (!known)
		return NULL;
	cover = known->any ? own_cover(bpf_get_current_cgroup_id(), known->others) : known->others;
	return bpf_map_lookup_elem(&covers, &cover);
}

/* The chain of a run that meets these hooks at this point; NULL if there are none, or no space is free. It is this run's until it ends. */
static __always_inline struct chain *new_chain(void *ctx, __u32 point, __u32 words, struct hook_bits *watching, struct hook_bits *in_scope)
{
	struct chain *chain;

#ifdef SKEP_CLAIMED
	if (!any_hook(words, watching, in_scope))
		return NULL;
	chain = claim(ctx);
#else
	chain = this_chain(ctx);
#endif
	if (!chain)
		return NULL;
	begin_chain(chain, words, watching, in_scope);
	if (!chain->pending) {
		give_back(chain);
		return NULL;
	}
	chain->point = point;
	chain->texts_read = 0;
	chain->networks_read = 0;
	chain->time = 0;
	chain->verdict = 0;
	return chain;
}

/* That of the hooks at this point that act where the current process is. */
static __always_inline struct chain *chain_of(void *ctx, __u32 point, struct watched_words *watched)
{
	struct hook_bits *watching = bpf_map_lookup_elem(&point_hooks, &point), *in_scope = hooks_in_scope();

	return watching && in_scope ? new_chain(ctx, point, watched->entry, watching, in_scope) : NULL;
}

/* Of a call that something else refused, so that override.bpf.c was not asked. */
static __always_inline void forget_verdict(__u32 point)
{
	struct verdict_key key = {.tid = bpf_get_current_pid_tgid(), .point = point};

	bpf_map_delete_elem(&verdicts, &key);
}

/* Tells each hook that waits for it what the call returned. */
static __always_inline int returned(void *ctx, __u32 point, struct watched_words *watched, void *programs, long value)
{
	struct hook_bits *waiting = bpf_map_lookup_elem(&return_hooks, &point);
	struct chain *chain = this_chain(ctx);

	if (!waiting || !chain)
		return 0;
	begin_chain(chain, watched->returns, waiting, waiting);
	chain->returned = value;
	return next_return(ctx, chain, programs);
}

#endif
