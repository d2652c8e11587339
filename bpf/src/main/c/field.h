/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The fields of a tracepoint's record, at the offsets that its format in tracefs says. Each hook reads its own: they are arguments by their position in the
 * hook. The first 8 bytes of a record are common to all tracepoints, and not there when programs look at it.
 */
#ifndef SKEP_FIELD_H
#define SKEP_FIELD_H

#include "filter.h"

/* Into `*length` how many bytes the text or buffer has that the field is, or points to. */
static __always_inline __u64 field_value(void *record, const volatile struct argument_plan *argument, __u64 *length)
{
	__u64 value = 0;

	*length = argument->length;
	if (!argument->bytes)
		return (__u64)record + argument->offset;
	bpf_probe_read_kernel(&value, argument->bytes, record + argument->offset);
	if (argument->kind == ARGUMENT_DATA_LOC) { /* where in the record, and how long */
		*length = value >> 16;
		return (__u64)record + (value & 0xffff);
	}
	if (argument->kind == ARGUMENT_SYSCALL64 && is_compat_call(bpf_get_current_task_btf()))
		value |= SYSCALL_IS_32BIT;
	if (argument->length_bytes) {
		*length = 0;
		bpf_probe_read_kernel(length, argument->length_bytes, record + argument->length);
	}
	return value;
}

static __always_inline void read_fields(void *record)
{
	struct chain *chain = this_chain(record);

	if (!chain)
		return;
	chain->texts_read = 0; /* another hook's */
#pragma clang loop unroll(full)
	for (int i = 0; i < ARGUMENTS_MAX; i++)
		if (hook.arguments[i].kind != ARGUMENT_NONE)
			chain->arguments[i] = field_value(record, &hook.arguments[i], &chain->lengths[i]);
}

#endif
