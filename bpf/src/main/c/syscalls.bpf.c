// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One program for every system call that any policy of the node watches. A further program on sys_enter would cost each call of each
 * process 37 ns, this one a few more than an empty one for a call that nobody watches.
 */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "dispatch.h"

static __always_inline struct watched_words *watched_call(__u32 syscall)
{
	return syscall < SYSCALLS_MAX ? bpf_map_lookup_elem(&point_watched, &syscall) : NULL;
}

static __always_inline struct chain *entered(void *ctx, __u32 syscall)
{
	struct watched_words *watched = watched_call(syscall);
	struct task_struct *task;

	if (!watched || !watched->entry)
		return NULL;
	task = bpf_get_current_task_btf();
	if (!is_in_node(task) || !is_active_generation(OLDEST_FIRST) || is_compat_call(task))
		return NULL;
	if (watched->overrides)
		forget_verdict(syscall);
	return chain_of(ctx, syscall, watched);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(dispatch_sys_enter, struct pt_regs *regs, long number)
{
	struct chain *chain = entered(ctx, number);

	if (!chain)
		return 0;
	chain->arguments[0] = regs->di;
	chain->arguments[1] = regs->si;
	chain->arguments[2] = regs->dx;
	chain->arguments[3] = regs->r10;
	chain->arguments[4] = regs->r8;
	chain->arguments[5] = regs->r9;
	next_hook(ctx, chain, &hook_programs);
	return 0;
}

/* The same by perf, which turns preemption off (why: scratch.h), for some 50 ns more at each system call of each process. */
SEC("tracepoint/raw_syscalls/sys_enter")
int perf_sys_enter(struct trace_event_raw_sys_enter *ctx)
{
	struct chain *chain = entered(ctx, ctx->id);

	if (!chain)
		return 0;
	chain->arguments[0] = ctx->args[0];
	chain->arguments[1] = ctx->args[1];
	chain->arguments[2] = ctx->args[2];
	chain->arguments[3] = ctx->args[3];
	chain->arguments[4] = ctx->args[4];
	chain->arguments[5] = ctx->args[5];
	next_hook(ctx, chain, &hook_programs);
	return 0;
}

static __always_inline int left(void *ctx, __u32 syscall, long value)
{
	struct watched_words *watched = watched_call(syscall);

	if (!watched || !watched->returns || !is_active_generation(OLDEST_FIRST) || is_compat_call(bpf_get_current_task_btf()))
		return 0;
	return returned(ctx, syscall, watched, &hook_returns, value);
}

/* Attached only while some hook wants returns. */
SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch_sys_exit, struct pt_regs *regs, long value)
{
	return left(ctx, regs->orig_ax, value);
}

SEC("tracepoint/raw_syscalls/sys_exit")
int perf_sys_exit(struct trace_event_raw_sys_exit *ctx)
{
	return left(ctx, ctx->id, ctx->ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
