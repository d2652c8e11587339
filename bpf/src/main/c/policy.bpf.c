// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One hook of one policy: loaded once for each, with its plan in .rodata. The dispatcher (syscalls.bpf.c, function.bpf.c, lsm.bpf.c) calls it for
 * the calls that it sits on. Built for each kind of them: with SKEP_FUNCTIONS as fnpolicy.bpf.o, with SKEP_LSM as lsmhooks.bpf.o, with SKEP_RAW as rwpolicy.bpf.o. The first selector that matches decides. A signal is sent before the call begins, and SIGKILL ends the
 * process before a file is changed by a buffered write; pipes, sockets and direct I/O may be reached first.
 */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "chain.h"
#ifdef SKEP_FUNCTIONS
#include "field.h"
#endif
#include "filter.h"
#include "maps.h"
#include "rate.h"
#include "return.h"
#include "share.h"
#include "task.h"
#include "text.h"

#define LAST_TEXT_AT (RECORD_BUFFER_BYTES - DATA_MAX_BYTES - 8)

/* Appends an argument to the record at `at`, a multiple of 8, and says where the next one goes. Of many long texts the last may find no room. */
static __always_inline __u32 append_argument(struct record_buffer *buffer, __u32 at, const volatile struct argument_plan *argument,
					     struct chain *chain)
{
	struct argument_header *header;
	struct text *text;
	__u32 start, size;

	if (at > RECORD_BUFFER_BYTES - sizeof(*header) - sizeof(struct network))
		return at;
	header = (struct argument_header *)(buffer->bytes + at);
	header->kind = argument->kind;
	header->index = argument->index;
	header->flags = 0;
	header->padding = 0;
	header->size = 0;
	header->value = 0;
	if (is_buffer(argument->kind))
		header->value = buffer_length(chain, argument);
	else if (!is_pointer(argument->kind))
		header->value = number_of(argument->kind, chain->arguments[argument->index]);
	at += sizeof(*header);
	if (IN_KERNEL && is_network(argument->kind)) {
		struct network *network = network_of(chain, argument);

		if (!network)
			return at;
		*(struct network *)(buffer->bytes + at) = *network;
		header->flags = network->flags & NETWORK_UNREADABLE ? ARGUMENT_UNREADABLE : 0;
		header->size = sizeof(*network);
		at += sizeof(*network);
		if (argument->kind != ARGUMENT_SOCKADDR || network->family != AF_UNIX)
			return at;
	}
	if (!is_text(argument->kind))
		return at;
	if (at > LAST_TEXT_AT) {
		header->flags = ARGUMENT_TRUNCATED;
		return at;
	}
	text = text_of(chain, argument);
	if (!text)
		return at;
	if (is_path(argument->kind))
		header->value = (__u32)header->value | (__u64)text->mode << 32;
	header->flags = text->flags;
	start = text->start;
	size = text->size;
	__asm__ volatile("" : "+r"(at)); /* or the verifier is not told again what it forgot meanwhile */
	if (start > DATA_MAX_BYTES || size > DATA_MAX_BYTES || at > LAST_TEXT_AT)
		return at;
	*(__u64 *)(buffer->bytes + at + (size & ~7U)) = 0; /* what the text leaves of its last word */
	if (bpf_probe_read_kernel(buffer->bytes + at, size, text->bytes + start))
		return at;
	header->size += size;
	return at + ((size + 7) & ~7U);
}

static __always_inline bool await_return(struct task_struct *task, struct chain *chain, enum awaiting awaiting)
{
	struct return_key key = {.tid = task->pid, .slot = hook.slot};
	struct return_value value = {.entry_time = chain->time, .version = hook.version, .awaiting = awaiting};

	if (hook.asking)
		value.candidates = chain->candidates;

	if (!bpf_map_update_elem(&awaiting_return, &key, &value, BPF_ANY))
		return true;
	drop(DROP_RETURN_MAP_FULL);
	return false;
}

/* Whether an event that is equal to the one in the buffer, whose arguments end at `end`, was sent a moment ago. */
static __always_inline bool is_limited(struct task_struct *task, struct chain *chain, __u32 selector, __u32 end)
{
	__u32 seconds = hook.selectors[selector].limit_seconds;
	__u8 scope = hook.selectors[selector].limit_scope;
	struct rate_key key = {.version = hook.version, .selector = selector};

	if (!seconds)
		return false;
	key.event = sip_hash(space_of(chain), sizeof(struct hook_record), end, hook.limit_key[0], hook.limit_key[1]);
	if (scope == LIMIT_THREAD) {
		key.id = task->pid;
		key.start = task->start_boottime;
	} else if (scope == LIMIT_PROCESS) {
		key.id = task->tgid;
		key.start = task->group_leader->start_boottime;
	}
	return was_told(&key, chain->time, seconds * NS_IN_S);
}

static __always_inline enum sending send_record(struct task_struct *task, struct chain *chain, __u32 selector, __u32 signal, enum hook_action action,
						bool decided)
{
	struct record_buffer *buffer = record_buffer_of(chain);
	__u32 at = sizeof(struct hook_record), count = 0;
	struct hook_record *record;

	if (!buffer)
		return LOST;
#pragma clang loop unroll(full)
	for (int i = 0; i < ARGUMENTS_MAX; i++) {
		if (hook.arguments[i].kind != ARGUMENT_NONE) {
			at = append_argument(buffer, at, &hook.arguments[i], chain);
			count++;
		}
	}
	if (at > RECORD_BUFFER_BYTES)
		return LOST;
	if (hook.limits && is_limited(task, chain, selector, at))
		return LIMITED;
	record = (struct hook_record *)buffer->bytes;
	fill_header(&record->header, RECORD_HOOK, at, chain->time, task, true, began_of(task, true));
	record->slot = hook.slot;
	record->point = chain->point;
	record->selector = selector;
	record->action = action;
	record->version = hook.version;
	record->signal = signal;
	record->flags = 0;
	if (hook.wants_return && await_return(task, chain, decided ? AWAITING_VALUE : AWAITING_DECISION))
		record->flags = decided ? HOOK_RETURN_FOLLOWS : HOOK_RETURN_FOLLOWS | HOOK_DECIDED_AT_RETURN;
	if (!decided && !record->flags)
		return SENT; /* it cannot be decided, and that is counted */
	record->argument_count = count;
	record->share = hook.share;
	record->padding = 0;
	return send_in_share(buffer, at, hook.share);
}

static __always_inline bool is_monitoring(void)
{
	__u32 slot = hook.slot;
	struct hook_state *state = bpf_map_lookup_elem(&hooks, &slot);

	return !state || state->monitor;
}

static __always_inline enum hook_action send_signal(__u32 signal)
{
	if (!is_monitoring() && !bpf_send_signal(signal))
		return ACTION_SIGNAL;
	return ACTION_WOULD_SIGNAL; /* told not to, or refused by the kernel: the first process of the system takes no signal from here */
}

#ifdef SKEP_LSM

/* The first error is the one that the call gets, from the last program of the chain. */
static __always_inline enum hook_action override(struct chain *chain, __s32 error)
{
	if (is_monitoring())
		return ACTION_WOULD_OVERRIDE;
	if (!chain->verdict)
		chain->verdict = error;
	return ACTION_OVERRIDE;
}

#else

/* override.bpf.c does it. */
static __always_inline enum hook_action override(struct chain *chain, __s32 error)
{
	struct verdict_key key = {.tid = bpf_get_current_pid_tgid(), .point = chain->point};

	if (is_monitoring())
		return ACTION_WOULD_OVERRIDE;
	if (!bpf_map_update_elem(&verdicts, &key, &error, BPF_ANY))
		return ACTION_OVERRIDE;
	drop(DROP_VERDICT_MAP_FULL);
	return ACTION_WOULD_OVERRIDE;
}

#endif

/* Of a call that only its return decides: what waits for that. */
static __always_inline void postpone(struct task_struct *task, struct chain *chain, __u32 selector)
{
	if (!(chain->candidates & hook.telling))
		await_return(task, chain, AWAITING_UNTOLD);
	else if (send_record(task, chain, selector, 0, ACTION_POST, false) == LOST)
		await_return(task, chain, AWAITING_LOST);
}

static __noinline int act(struct chain *chain, __u32 selector)
{
	struct counter_key key = {.slot = hook.slot, .selector = selector};
	struct hook_counters_value *counters = bpf_map_lookup_elem(&hook_counters, &key);
	struct task_struct *task = bpf_get_current_task_btf();
	enum hook_action action = ACTION_POST;
	__u32 post, signal = 0;
	__s32 error = 0;
	enum sending sent = SENT;
	__u64 time;

	if (!chain || selector >= SELECTORS_MAX)
		return 0;
	post = hook.selectors[selector].post;
	if (hook.signals)
		signal = hook.selectors[selector].signal;
	if (hook.overrides)
		error = hook.selectors[selector].error;
	time = time_of(chain);
	if (hook.asking & chain->candidates && !signal && !error) {
		postpone(task, chain, selector);
		return 0;
	}
	if (error)
		action = override(chain, error);
	if (signal) {
		enum hook_action signalled = send_signal(signal);

		if (signalled == ACTION_SIGNAL || action != ACTION_OVERRIDE)
			action = signalled;
	}
	if (post) {
		sent = send_record(task, chain, selector, signal, action, true);
	}
	if (!counters) /* the policy is being removed at this moment */
		return 0;
	__sync_fetch_and_add(post && sent != LIMITED ? &counters->posted : &counters->suppressed, 1);
	if (sent == LOST)
		__sync_fetch_and_add(&counters->dropped, 1);
	if (signal || error) {
		__sync_fetch_and_add(action == ACTION_SIGNAL || action == ACTION_OVERRIDE ? &counters->enforced : &counters->monitored, 1);
		counters->last_action = time;
	}
	return 0;
}

static __always_inline int run_hook(void *ctx, void *programs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct chain *chain = this_chain(ctx);
	__u32 selector;

	if (!chain)
		return 0;
	if (hook.asking)
		chain->candidates = 0;
	selector = matching_selector(chain, task);
	if (hook.asking && chain->candidates) {
		if (selector != NO_SELECTOR)
			chain->candidates |= 1U << selector;
		selector = lowest_bit(chain->candidates);
	}
	if (selector != NO_SELECTOR)
		act(chain, selector);
	return next_hook(ctx, chain, programs);
}

#ifndef SKEP_CLAIMED

/* Decides what the call's beginning left open, and takes actions of the return. */
static __noinline int act_at_return(struct chain *chain)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hook_counters_value *counters;
	struct counter_key key = {.slot = hook.slot};
	struct decision decided = {};
	struct return_value entry;
	__u32 selector;
	bool told;

	if (!chain || !take_awaited(task, hook.slot, &entry))
		return 0;
	if (entry.version != hook.version) {
		drop(DROP_RETURN_STALE);
		selector = NO_SELECTOR;
	} else {
		selector = selector_at_return(entry.candidates, chain->returned);
	}
	told = entry.awaiting == AWAITING_VALUE;
	if (selector < SELECTORS_MAX) {
		if (hook.return_signals)
			decided.signal = hook.selectors[selector].return_signal;
		decided.selector = selector;
		if (hook.telling >> selector & 1)
			told = true;
		key.selector = selector;
		counters = bpf_map_lookup_elem(&hook_counters, &key);
		if (counters && entry.awaiting != AWAITING_VALUE) {
			__sync_fetch_and_add(told ? &counters->posted : &counters->suppressed, 1);
			if (told && entry.awaiting == AWAITING_LOST)
				__sync_fetch_and_add(&counters->dropped, 1);
		}
		if (told)
			decided.action = ACTION_POST;
		if (decided.signal) {
			enum hook_action action = send_signal(decided.signal);

			if (told)
				decided.action = action;
			if (counters) {
				__sync_fetch_and_add(action == ACTION_SIGNAL ? &counters->enforced : &counters->monitored, 1);
				counters->last_action = bpf_ktime_get_boot_ns();
			}
		}
	} else if (told) {
		decided.action = ACTION_POST;
	}
	if (entry.awaiting == AWAITING_LOST && told)
		drop(DROP_RING_HOOK);
	if (entry.awaiting == AWAITING_VALUE || entry.awaiting == AWAITING_DECISION)
		send_return(task, hook.slot, &entry, decided, chain->returned);
	return 0;
}

static __always_inline int run_return(void *ctx, void *programs)
{
	struct chain *chain = this_chain(ctx);

	if (!chain)
		return 0;
	act_at_return(chain);
	return next_return(ctx, chain, programs);
}

#endif

#if defined(SKEP_LSM)

SEC("lsm/file_open") /* or where the loader says */
int policy_lsm(void *ctx)
{
	return run_hook(ctx, &lsm_programs);
}

#elif defined(SKEP_RAW)

SEC("raw_tracepoint")
int policy_raw(void *ctx)
{
	return run_hook(ctx, &raw_programs);
}

#elif defined(SKEP_FUNCTIONS)

SEC("tracepoint")
int policy_tracepoint(void *ctx)
{
	read_fields(ctx);
	return run_hook(ctx, &tracepoint_programs);
}

SEC("kprobe")
int policy_function(void *ctx)
{
	return run_hook(ctx, &function_programs);
}

SEC("kretprobe")
int policy_function_return(void *ctx)
{
	return run_return(ctx, &function_returns);
}

#else

/* Of the two ways one is loaded: the kernel calls from one program only those of the same kind. */
SEC("tp_btf/sys_enter")
int policy_enter(void *ctx)
{
	return run_hook(ctx, &hook_programs);
}

SEC("tp_btf/sys_exit")
int policy_exit(void *ctx)
{
	return run_return(ctx, &hook_returns);
}

SEC("tracepoint/raw_syscalls/sys_enter")
int policy_perf(void *ctx)
{
	return run_hook(ctx, &hook_programs);
}

SEC("tracepoint/raw_syscalls/sys_exit")
int policy_perf_exit(void *ctx)
{
	return run_return(ctx, &hook_returns);
}

#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";
