// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One program for every system call that any policy of the node watches. A further program on sys_enter would cost each call of each
 * process 37 ns, this one a few more than an empty one for a call that nobody watches: the tests go from cheap to dear, and most calls
 * leave at the first.
 */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "chain.h"
#include "cover.h"
#include "generation.h"
#include "maps.h"
#include "task.h"

#define TS_COMPAT 2 /* thread_info.status: in a 32-bit system call, whose numbers mean other calls */

/* A 32-bit call by int 0x80 can come from any 64-bit program. (x32 calls have a bit set that puts them beyond the tables.) */
static __always_inline bool is_compat_call(struct task_struct *task)
{
	return task->thread_info.status & TS_COMPAT;
}

static __always_inline struct hook_bits *hooks_in_scope(void)
{
	__u32 zero = 0, cover;
	struct covering *known = bpf_map_lookup_elem(&covering, &zero);

	if (!known)
		return NULL;
	cover = known->any ? own_cover(bpf_get_current_cgroup_id(), known->others) : known->others;
	return bpf_map_lookup_elem(&covers, &cover);
}

/* The hooks on this call that act where its process is; NULL if there are none. Their chain is this CPU's until the program ends. */
static __always_inline struct chain *chain_of(__u32 syscall)
{
	struct watched_words *watched = bpf_map_lookup_elem(&syscall_watched, &syscall);
	struct hook_bits *watching, *in_scope;
	struct chain *chain;

	if (!watched || !watched->entry || !is_in_node(bpf_get_current_task_btf()) || !is_active_generation(OLDEST_FIRST) ||
	    is_compat_call(bpf_get_current_task_btf()))
		return NULL;
	watching = bpf_map_lookup_elem(&syscall_hooks, &syscall);
	in_scope = hooks_in_scope();
	chain = this_chain();
	if (!watching || !in_scope || !chain)
		return NULL;
	begin_chain(chain, watched->entry, watching, in_scope);
	if (!chain->pending)
		return NULL;
	chain->syscall = syscall;
	chain->texts_read = 0;
	chain->time = 0;
	return chain;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(dispatch_sys_enter, struct pt_regs *regs, long number)
{
	struct chain *chain = chain_of(number);

	if (!chain)
		return 0;
	chain->arguments[0] = regs->di;
	chain->arguments[1] = regs->si;
	chain->arguments[2] = regs->dx;
	chain->arguments[3] = regs->r10;
	chain->arguments[4] = regs->r8;
	chain->arguments[5] = regs->r9;
	next_hook(ctx, chain);
	return 0;
}

/* The same by perf, which turns preemption off (why: scratch.h), for some 50 ns more at each system call of each process. */
SEC("tracepoint/raw_syscalls/sys_enter")
int perf_sys_enter(struct trace_event_raw_sys_enter *ctx)
{
	struct chain *chain = chain_of(ctx->id);

	if (!chain)
		return 0;
	chain->arguments[0] = ctx->args[0];
	chain->arguments[1] = ctx->args[1];
	chain->arguments[2] = ctx->args[2];
	chain->arguments[3] = ctx->args[3];
	chain->arguments[4] = ctx->args[4];
	chain->arguments[5] = ctx->args[5];
	next_hook(ctx, chain);
	return 0;
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

static __always_inline int returned(__u32 syscall, long value)
{
	struct watched_words *watched = bpf_map_lookup_elem(&syscall_watched, &syscall);
	struct hook_bits *waiting;
	struct task_struct *task;
	struct chain *chain;

	if (!watched || !watched->returns || !is_active_generation(OLDEST_FIRST))
		return 0;
	task = bpf_get_current_task_btf();
	waiting = bpf_map_lookup_elem(&return_hooks, &syscall);
	chain = this_chain();
	if (is_compat_call(task) || !waiting || !chain)
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

/* Attached only while some hook wants returns. */
SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch_sys_exit, struct pt_regs *regs, long value)
{
	return returned(regs->orig_ax, value);
}

SEC("tracepoint/raw_syscalls/sys_exit")
int perf_sys_exit(struct trace_event_raw_sys_exit *ctx)
{
	return returned(ctx->id, ctx->ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
