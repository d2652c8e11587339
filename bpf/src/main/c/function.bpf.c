// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One program for every function of the kernel that any policy of the node watches, attached to each of them as a kprobe, which runs with preemption off on
 * every kernel; its cookie says which function it is. Not all that it sees belongs to the current process: a function may be called in an interrupt.
 */
#define SKEP_FUNCTIONS
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "dispatch.h"

SEC("kprobe")
int dispatch_function(struct pt_regs *regs)
{
	__u32 point = bpf_get_attach_cookie(regs);
	struct watched_words *watched = bpf_map_lookup_elem(&point_watched, &point);
	struct chain *chain;

	if (!watched || !watched->entry || !is_in_node(bpf_get_current_task_btf()) || !is_active_generation(NEWEST_FIRST))
		return 0;
	if (watched->overrides)
		forget_verdict(point);
	chain = chain_of(regs, point, watched);
	if (!chain)
		return 0;
	chain->arguments[0] = regs->di;
	chain->arguments[1] = regs->si;
	chain->arguments[2] = regs->dx;
	chain->arguments[3] = regs->cx;
	chain->arguments[4] = regs->r8;
	chain->arguments[5] = regs->r9;
	next_hook(regs, chain, &function_programs);
	return 0;
}

/* Attached only to functions whose return some hook wants. */
SEC("kretprobe")
int dispatch_return(struct pt_regs *regs)
{
	__u32 point = bpf_get_attach_cookie(regs);
	struct watched_words *watched = bpf_map_lookup_elem(&point_watched, &point);

	if (!watched || !watched->returns || !is_active_generation(NEWEST_FIRST))
		return 0;
	return returned(regs, point, watched, &function_returns, regs->ax);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
