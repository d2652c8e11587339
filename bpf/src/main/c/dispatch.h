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

/* The chain of a run that meets these hooks; NULL if there are none. */
static __always_inline struct chain *new_chain(void *ctx, __u32 words, struct hook_bits *watching, struct hook_bits *in_scope)
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
	if (chain->pending)
		return chain;
	give_back(chain);
	return NULL;
}

/* The hooks at this point that act where the current process is; NULL if there are none. Their chain is this run's until it ends. */
static __always_inline struct chain *chain_of(void *ctx, __u32 point, struct watched_words *watched)
{
	struct hook_bits *watching = bpf_map_lookup_elem(&point_hooks, &point), *in_scope = hooks_in_scope();
	struct chain *chain;

	if (!watching || !in_scope)
		return NULL;
	chain = new_chain(ctx, watched->entry, watching, in_scope);
	if (!chain)
		return NULL;
	chain->point = point;
	chain->texts_read = 0;
	chain->time = 0;
	chain->verdict = 0;
	return chain;
}

static __always_inline void send_return(struct task_struct *task, struct return_key *key, struct return_value *entry, long value)
{
	struct return_record record = {};

	fill_header(&record.header, RECORD_RETURN, sizeof(record), bpf_ktime_get_boot_ns(), task, true, began_of(task, true));
	record.slot = key->slot;
	record.version = entry->version;
	record.entry_time = entry->entry_time;
	record.value = value;
	if (bpf_ringbuf_output(&events, &record, sizeof(record), 0))
		drop(DROP_RING_RETURN);
}

/* Tells each hook that waits for it what the call returned. */
static __always_inline int returned(void *ctx, __u32 point, struct watched_words *watched, struct task_struct *task, long value)
{
	struct hook_bits *waiting = bpf_map_lookup_elem(&return_hooks, &point);
	struct chain *chain = this_chain(ctx);

	if (!waiting || !chain)
		return 0;
	begin_chain(chain, watched->returns, waiting, waiting);
	for (int turn = 0; turn < CHAIN_MAX; turn++) {
		struct return_key key = {.tid = task->pid, .slot = take_hook(chain)};
		struct return_value *found, entry;

		if (key.slot >= HOOKS_MAX)
			return 0;
		found = bpf_map_lookup_elem(&awaiting_return, &key);
		if (!found)
			continue;
		entry = *found;
		bpf_map_delete_elem(&awaiting_return, &key);
		send_return(task, &key, &entry, value);
	}
	return 0;
}

#endif
