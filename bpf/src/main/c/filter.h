/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which selector of the plan matches. The first filters of a hook, all that most have, are unrolled and read from the plan at constant offsets, so that the
 * verifier knows each value and deletes what this plan does not use. The others share one piece of code for all of what a filter can ask, which is gone from
 * hooks that have no more: it takes longer, but the verifier's work does not grow with their number. Bytes of BPF code that are left (6.18), on functions: 2,856 for
 * a hook that posts all calls without arguments, 3,520 with a filter of pids, 3,792 of a namespace, 4,080 of a number, 4,288 of binaries; 6,712 of a string
 * that is in the record, 10,736 of a file; 5,024 to post a socket, 6,336 with a filter of networks, 6,552 and 7,880 of a packet; 31,544 with 256 filters
 * of a file, 39,184 of a socket.
 */
#ifndef SKEP_FILTER_H
#define SKEP_FILTER_H

#include "chain.h"
#include "network.h"
#include "process_filter.h"
#include "task.h"
#include "text.h"

#define NO_SELECTOR SELECTORS_MAX

const volatile struct hook_plan hook; /* set before load */

static __always_inline const volatile struct argument_plan *argument_of(const volatile struct filter_plan *filter)
{
	__u8 position = filter->argument;

	return &hook.arguments[position < ARGUMENTS_MAX ? position : 0];
}

/* What a register holds, of which a narrower number leaves the rest to chance. */
static __always_inline __u64 number_of(__u8 kind, __u64 value)
{
	if (kind == ARGUMENT_INT || kind == ARGUMENT_FD)
		return (__s32)value;
	if (kind == ARGUMENT_UINT32)
		return (__u32)value;
	if (kind == ARGUMENT_INT16)
		return (__s16)value;
	if (kind == ARGUMENT_UINT16)
		return (__u16)value;
	if (kind == ARGUMENT_INT8)
		return (__s8)value;
	if (kind == ARGUMENT_UINT8)
		return (__u8)value;
	return value;
}

static __always_inline bool is_signed(__u8 kind)
{
	return kind == ARGUMENT_INT || kind == ARGUMENT_FD || kind == ARGUMENT_LONG || kind == ARGUMENT_SYSCALL64 || kind == ARGUMENT_INT16 || kind == ARGUMENT_INT8;
}

/* Compares as wide as numbers of this kind are, and with their sign. */
static __always_inline bool holds_for(const volatile struct filter_plan *filter, __u8 kind, __u64 number)
{
	__u8 operator = filter->operator, count = filter->count;
	__u64 value = number_of(kind, number), bound = filter->values[0];
	__u64 sign = is_signed(kind) ? 1ULL << 63 : 0; /* with it turned round, signed numbers are in the order of unsigned ones */
	bool found = false;

	if (operator == FILTER_EQUAL) {
		found = is_value(filter, value);
	} else if (operator == FILTER_MASK) {
		found = value & bound;
	} else if (operator == FILTER_GREATER) {
		found = (value ^ sign) > (bound ^ sign);
	} else if (operator == FILTER_LESS) {
		found = (value ^ sign) < (bound ^ sign);
	} else if (count == IN_SET) {
		found = is_in_ranges(value, filter->set);
	} else {
#pragma clang loop unroll(full)
		for (int i = 0; i < INLINE_VALUES; i += 2)
			if (count > i && (value ^ sign) >= (filter->values[i] ^ sign) && (value ^ sign) <= (filter->values[i + 1] ^ sign))
				found = true;
	}
	return found != filter->negated;
}

static __always_inline bool number_filter_holds(const volatile struct filter_plan *filter, struct chain *chain)
{
	const volatile struct argument_plan *argument = argument_of(filter);

	return holds_for(filter, argument->kind, argument_value(chain, argument->index));
}

static __always_inline bool file_type_filter_holds(const volatile struct filter_plan *filter, struct chain *chain)
{
	const volatile struct argument_plan *argument = argument_of(filter);
	__u64 value = argument_value(chain, argument->index);
	__u16 mode;

	if (argument->kind == ARGUMENT_PATH)
		mode = mode_of(BPF_CORE_READ((struct path *)value, dentry));
	else
		mode = BPF_CORE_READ((struct file *)value, f_inode, i_mode);
	return (filter->values[0] >> (mode >> 12) & 1) != filter->negated;
}

static __always_inline bool text_filter_holds(const volatile struct filter_plan *filter, struct chain *chain)
{
	struct text *text = text_of(chain, argument_of(filter));
	bool found;

	if (filter->operator == FILTER_TEXT_EQUAL)
		found = is_one_of(chain, text, filter->set);
	else if (filter->operator == FILTER_TEXT_PREFIX)
		found = has_prefix(chain, text, filter->set);
	else
		found = has_postfix(chain, text, filter->set);
	return found != filter->negated;
}

static __always_inline bool filter_holds(const volatile struct filter_plan *filter, struct chain *chain, struct task_struct *task)
{
	__u8 operator = filter->operator;

	if (operator == FILTER_ALWAYS || (hook.asking && filter->argument == OF_RETURN))
		return true; /* of the latter nothing is known yet */
	if (operator < FILTER_PID)
		return number_filter_holds(filter, chain);
	if (operator < FILTER_FILE_TYPE)
		return process_filter_holds(filter, chain, task);
	if (operator == FILTER_FILE_TYPE)
		return IN_KERNEL && file_type_filter_holds(filter, chain);
	if (operator < FILTER_TEXT_EQUAL)
		return IN_KERNEL && hook.networks && network_filter_holds(filter, chain, argument_of(filter));
	return text_filter_holds(filter, chain);
}

/* A selector whose filters hold: false if it asks for more when the call returns, so that the next ones may decide, too. */
static __always_inline bool is_decided(struct chain *chain, __u8 selector)
{
	if (!(hook.asking >> selector & 1))
		return true;
	chain->candidates |= 1U << selector;
	return false;
}

struct far_walk {
	__u32 selector; /* the one found */
	__u32 space; /* the chain's */
	bool holds; /* what the filters so far said of the selector that is not at its end yet */
};

/* One turn for each of the filters that have no code of their own; 1 ends it. */
static long far_filter(__u64 turn, struct far_walk *walk)
{
	const volatile struct filter_plan *filter;
	struct chain *chain = chain_at(walk->space);
	__u64 i = FILTERS_NEAR + turn;

	if (i >= FILTERS_MAX || !chain)
		return 1;
	filter = &hook.filters[i];
	if (filter->operator == FILTER_NONE)
		return 1;
	if (walk->holds)
		walk->holds = filter_holds(filter, chain, bpf_get_current_task_btf());
	if (filter->last) {
		if (walk->holds && is_decided(chain, filter->selector)) {
			walk->selector = filter->selector;
			return 1;
		}
		walk->holds = true;
	}
	return 0;
}

static __noinline __u32 far_selector(__u32 space, bool holds)
{
	struct far_walk walk = {.selector = NO_SELECTOR, .space = space, .holds = holds};

	bpf_loop(FILTERS_MAX - FILTERS_NEAR, far_filter, &walk, 0);
	return walk.selector;
}

/* The first whose filters all hold. */
static __always_inline __u32 matching_selector(struct chain *chain, struct task_struct *task)
{
	bool holds = true;

	if (hook.filters[0].operator == FILTER_NONE)
		return 0;
#pragma clang loop unroll(full)
	for (int i = 0; i < FILTERS_NEAR; i++) {
		const volatile struct filter_plan *filter = &hook.filters[i];

		if (filter->operator == FILTER_NONE)
			return NO_SELECTOR;
		if (holds)
			holds = filter_holds(filter, chain, task);
		if (filter->last) {
			if (holds && is_decided(chain, filter->selector))
				return filter->selector;
			holds = true;
		}
	}
	return hook.filters[FILTERS_NEAR].operator == FILTER_NONE ? NO_SELECTOR : far_selector(space_of(chain), holds);
}

/* ---- when the call returns ---- */

static __always_inline bool return_filter_holds(const volatile struct filter_plan *filter, __u64 returned)
{
	return filter->argument != OF_RETURN || holds_for(filter, hook.return_kind, returned);
}

struct return_walk {
	__u64 returned;
	__u32 candidates;
	__u32 selector;
	bool holds;
};

/* One turn for each filter; 1 ends it. */
static long return_filter(__u64 turn, struct return_walk *walk)
{
	const volatile struct filter_plan *filter;

	if (turn >= FILTERS_MAX)
		return 1;
	filter = &hook.filters[turn];
	if (filter->operator == FILTER_NONE)
		return 1;
	if (walk->holds)
		walk->holds = return_filter_holds(filter, walk->returned);
	if (filter->last) {
		if (walk->holds && walk->candidates >> (filter->selector & (SELECTORS_MAX - 1)) & 1) {
			walk->selector = filter->selector;
			return 1;
		}
		walk->holds = true;
	}
	return 0;
}

/* The first of the candidates whose other filters hold, too. */
static __always_inline __u32 selector_at_return(__u32 candidates, __u64 returned)
{
	struct return_walk walk = {.returned = returned, .candidates = candidates, .selector = NO_SELECTOR, .holds = true};

	bpf_loop(FILTERS_MAX, return_filter, &walk, 0);
	return walk.selector;
}

#endif
