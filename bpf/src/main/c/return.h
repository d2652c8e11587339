/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What happens when a call returns that hooks wait for. Those that ask for the value before they tell or do something have a program of their own for it
 * (policy.bpf.c); all others are told of by whoever comes by them, be it the dispatcher or one of those programs.
 */
#ifndef SKEP_RETURN_H
#define SKEP_RETURN_H

#include "chain.h"
#include "maps.h"
#include "task.h"

struct decision {
	__u8 selector;
	__u8 action; /* enum hook_action; 0: not to be told */
	__u16 signal;
};

static __always_inline void send_return(struct task_struct *task, __u32 slot, struct return_value *entry, struct decision decided, long value)
{
	struct return_record record = {};

	fill_header(&record.header, RECORD_RETURN, sizeof(record), bpf_ktime_get_boot_ns(), task, true, began_of(task, true));
	record.slot = slot;
	record.version = entry->version;
	record.entry_time = entry->entry_time;
	record.value = value;
	record.selector = decided.selector;
	record.action = decided.action;
	record.signal = decided.signal;
	if (bpf_ringbuf_output(&events, &record, sizeof(record), 0))
		drop(DROP_RING_RETURN);
}

/* Whether this thread's call is awaited by the hook, and as what; it is not any more. */
static __always_inline bool take_awaited(struct task_struct *task, __u32 slot, struct return_value *entry)
{
	struct return_key key = {.tid = task->pid, .slot = slot};
	struct return_value *found = bpf_map_lookup_elem(&awaiting_return, &key);

	if (!found)
		return false;
	*entry = *found;
	bpf_map_delete_elem(&awaiting_return, &key);
	return true;
}

static __always_inline void tell_return(__u32 slot, long value)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct decision decided = {.action = ACTION_POST};
	struct return_value entry;

	if (!take_awaited(task, slot, &entry))
		return;
	if (entry.awaiting != AWAITING_VALUE) { /* its program is gone */
		drop(DROP_RETURN_STALE);
		decided.action = 0;
	}
	send_return(task, slot, &entry, decided, value);
}

/* Goes on with the next hook that waits. */
static __always_inline int next_return(void *ctx, struct chain *chain, void *programs)
{
	for (int turn = 0; turn < CHAIN_MAX; turn++) {
		__u32 slot = take_hook(chain);

		if (slot >= HOOKS_MAX)
			break;
		bpf_tail_call(ctx, programs, slot);
		tell_return(slot, chain->returned);
	}
	return 0;
}

#endif
