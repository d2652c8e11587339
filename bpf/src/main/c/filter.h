/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a selector of the plan matches. Everything is unrolled and read from the plan at constant offsets, so that the verifier
 * knows each value and deletes what this plan does not use. Bytes of BPF code that are left (6.18): 2,064 for a hook that posts all
 * calls without arguments, 2,700 with a filter of pids, 2,960 of a number, 3,320 of binaries, 5,140 to 5,660 of a string, 11,860 of a
 * file and a signal and three arguments in the record; 36,280 for the largest plan there can be.
 */
#ifndef SKEP_FILTER_H
#define SKEP_FILTER_H

#include "task.h"
#include "text.h"

const volatile struct hook_plan hook; /* set before load */

static __always_inline bool pid_filter_holds(const volatile struct pid_filter_plan *filter, struct task_struct *task)
{
	bool found = false;

	if (filter->followed) {
		struct process_value *process = process_of(task, true);

		found = process && process->followed & filter->followed;
	} else {
		__u32 pid = filter->in_namespace ? namespace_pid_of(task, true) : tgid_of(task, true);

#pragma clang loop unroll(full)
		for (int i = 0; i < INLINE_VALUES; i++)
			if (filter->count > i && filter->values[i] == pid)
				found = true;
	}
	return found != filter->negated;
}

static __noinline bool is_binary_one_of(struct process_value *process, __u32 set)
{
	struct key_buffer *key = this_key();
	__u32 size;

	if (!process || !key)
		return false;
	size = process->binary_size;
	if (!size || size >= BINARY_BYTES)
		return false;
	if (size <= TEXT_SMALL) {
		key->small.size = size;
		bpf_probe_read_kernel(key->small.text, TEXT_SMALL, process->binary);
		return is_in(&text_sets_small, set, &key->small);
	}
	key->medium.size = size;
	bpf_probe_read_kernel(key->medium.text, BINARY_BYTES, process->binary);
	bpf_probe_read_kernel(key->medium.text + BINARY_BYTES, TEXT_MEDIUM - BINARY_BYTES, key->zeros);
	return is_in(&text_sets_medium, set, &key->medium);
}

/* Compares as wide as the argument is, and with its sign. */
static __always_inline bool number_filter_holds(const volatile struct filter_plan *filter, struct chain *chain)
{
	const volatile struct argument_plan *argument = &hook.arguments[filter->argument];
	__u8 kind = argument->kind, operator = filter->operator, count = filter->count;
	bool is_signed = kind == ARGUMENT_INT || kind == ARGUMENT_LONG || kind == ARGUMENT_FD, found = false;
	__u64 value = chain->arguments[argument->index], bound = filter->values[0];

	if (kind == ARGUMENT_INT || kind == ARGUMENT_FD)
		value = (__s32)value;
	else if (kind == ARGUMENT_UINT32)
		value = (__u32)value;

	if (operator == FILTER_EQUAL && count > INLINE_VALUES) {
		found = is_in(&number_sets, filter->set, &value);
	} else if (operator == FILTER_EQUAL) {
#pragma clang loop unroll(full)
		for (int i = 0; i < INLINE_VALUES; i++)
			if (count > i && filter->values[i] == value)
				found = true;
	} else if (operator == FILTER_MASK) {
		found = value & bound;
	} else if (operator == FILTER_GREATER) {
		found = is_signed ? (__s64)value > (__s64)bound : value > bound;
	} else {
		found = is_signed ? (__s64)value < (__s64)bound : value < bound;
	}
	return found != filter->negated;
}

static __always_inline bool text_filter_holds(const volatile struct filter_plan *filter, struct chain *chain)
{
	struct text *text = text_of(chain, &hook.arguments[filter->argument]);
	bool found;

	if (filter->operator == FILTER_TEXT_EQUAL)
		found = is_one_of(text, filter->set);
	else if (filter->operator == FILTER_TEXT_PREFIX)
		found = has_prefix(text, filter->set);
	else
		found = has_postfix(text, filter->set);
	return found != filter->negated;
}

/* From cheap to dear: memory is read only for a call that all other filters let through. */
static __always_inline bool selector_matches(const volatile struct selector_plan *selector, struct chain *chain, struct task_struct *task)
{
#pragma clang loop unroll(full)
	for (int i = 0; i < FILTERS_MAX; i++) {
		__u8 operator = selector->filters[i].operator;

		if (operator != FILTER_NONE && operator < FILTER_TEXT_EQUAL && !number_filter_holds(&selector->filters[i], chain))
			return false;
	}
#pragma clang loop unroll(full)
	for (int i = 0; i < 2; i++)
		if (selector->pids[i].used && !pid_filter_holds(&selector->pids[i], task))
			return false;
#pragma clang loop unroll(full)
	for (int i = 0; i < 2; i++)
		if (selector->binaries[i].used && is_binary_one_of(process_of(task, true), selector->binaries[i].set) == selector->binaries[i].negated)
			return false;
#pragma clang loop unroll(full)
	for (int i = 0; i < FILTERS_MAX; i++)
		if (selector->filters[i].operator >= FILTER_TEXT_EQUAL && !text_filter_holds(&selector->filters[i], chain))
			return false;
	return true;
}

#endif
