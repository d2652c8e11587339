/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What filters ask of the process that makes the call: its ids, namespaces and capabilities as they are now, what of them has changed since its program
 * began, and what it or its parent runs. What is not known matches nothing, so that a negated filter holds.
 */
#ifndef SKEP_PROCESS_FILTER_H
#define SKEP_PROCESS_FILTER_H

#include "binary.h"
#include "task.h"
#include "text.h"

static __always_inline bool is_value(const volatile struct filter_plan *filter, __u64 value)
{
	__u8 count = filter->count;
	bool found = false;

	if (count == IN_SET)
		return is_in(&number_sets, filter->set, &value);
#pragma clang loop unroll(full)
	for (int i = 0; i < INLINE_VALUES; i++)
		if (count > i && filter->values[i] == value)
			found = true;
	return found;
}

/* ---- namespaces ---- */

/* Inode number; 0 of a kind that the kernel or the task, which ends, has not. */
static __always_inline __u32 namespace_now(struct task_struct *task, __u8 kind)
{
	struct upid innermost;
	void *namespace = NULL;
	__u32 inode = 0;

	if (kind == NAMESPACE_PID) {
		innermost_of(task, true, &innermost);
		namespace = innermost.ns;
	} else if (kind == NAMESPACE_USER) {
		namespace = task->cred->user_ns;
	} else {
		bpf_probe_read_kernel(&namespace, sizeof(namespace), (void *)task->nsproxy + view.namespaces[kind].pointer);
	}
	bpf_probe_read_kernel(&inode, sizeof(inode), namespace + view.namespaces[kind].inode);
	return inode;
}

/* Its code is there once, for all filters. */
static __noinline __u32 namespace_of(__u32 kind)
{
	return kind < NAMESPACE_KINDS ? namespace_now(bpf_get_current_task_btf(), kind) : 0;
}

static __noinline bool has_changed_namespace(__u64 kinds)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_value *process = process_of(task, true);
	__u32 *began_with;

	if (!process)
		return false;
	began_with = (__u32 *)&process->namespaces;
#pragma clang loop unroll(full)
	for (int kind = 0; kind < NAMESPACE_KINDS; kind++) {
		if (kinds >> kind & 1) {
			__u32 now = namespace_now(task, kind);

			if (now && now != began_with[kind])
				return true;
		}
	}
	return false;
}

/* ---- capabilities ---- */

static __always_inline __u64 capabilities_now(struct task_struct *task, __u8 set)
{
	const struct cred *cred = task->cred;

	if (set == CAPABILITIES_EFFECTIVE)
		return capability_set(cred, bpf_core_field_offset(cred->cap_effective));
	if (set == CAPABILITIES_INHERITABLE)
		return capability_set(cred, bpf_core_field_offset(cred->cap_inheritable));
	return capability_set(cred, bpf_core_field_offset(cred->cap_permitted));
}

static __always_inline __u64 capabilities_then(struct process_value *process, __u8 set)
{
	if (set == CAPABILITIES_EFFECTIVE)
		return process->capabilities.effective;
	if (set == CAPABILITIES_INHERITABLE)
		return process->capabilities.inheritable;
	return process->capabilities.permitted;
}

static __always_inline bool capability_filter_holds(const volatile struct filter_plan *filter, struct task_struct *task)
{
	__u64 asked = filter->values[0];
	bool found = false;

	if (filter->count == OUTSIDE_HOST && namespace_of(NAMESPACE_USER) == filter->values[1])
		return false;
	if (filter->operator == FILTER_CAPABILITY) {
		found = capabilities_now(task, filter->argument) & asked;
	} else {
		struct process_value *process = process_of(task, true);

		if (process)
			found = (capabilities_now(task, filter->argument) ^ capabilities_then(process, filter->argument)) & asked;
	}
	return found != filter->negated;
}

/* ---- what it runs ---- */

static __noinline bool is_binary_one_of(struct chain *chain, struct binary_value *binary, __u32 set)
{
	struct key_buffer *key = key_of(chain);
	__u32 size;

	if (!binary || !key)
		return false;
	size = binary->size;
	if (!size || size >= BINARY_BYTES)
		return false;
	if (size <= TEXT_SMALL) {
		key->small.size = size;
		bpf_probe_read_kernel(key->small.text, TEXT_SMALL, binary->binary);
		return is_in(&text_sets_small, set, &key->small);
	}
	key->medium.size = size;
	bpf_probe_read_kernel(key->medium.text, BINARY_BYTES, binary->binary);
	bpf_probe_read_kernel(key->medium.text + BINARY_BYTES, TEXT_MEDIUM - BINARY_BYTES, key->zeros);
	return is_in(&text_sets_medium, set, &key->medium);
}

static __noinline bool has_binary_prefix(struct chain *chain, struct binary_value *binary, __u32 set)
{
	struct key_buffer *key = key_of(chain);

	if (!binary || !key || !binary->size)
		return false;
	fill_prefix_key(&key->prefix, binary);
	return is_in(&prefix_sets, set, &key->prefix);
}

static __noinline bool has_binary_postfix(struct chain *chain, struct binary_value *binary, __u32 set)
{
	struct key_buffer *key = key_of(chain);

	if (!binary || !key || !binary->size)
		return false;
	fill_postfix_key(&key->postfix, binary);
	return is_in(&postfix_sets, set, &key->postfix);
}

/* What the parent ran when it made the process; of one that was there before these programs, what it runs now. */
static __noinline struct binary_value *binary_of_parent(struct process_value *process)
{
	struct process_value *parent;
	__u32 pid;

	if (!process)
		return NULL;
	if (process->parent_binary.size)
		return &process->parent_binary;
	pid = process->parent.pid;
	parent = bpf_map_lookup_elem(&processes, &pid);
	return parent && parent->key.start == process->parent.start ? binary_of(parent) : NULL;
}

static __always_inline bool binary_filter_holds(const volatile struct filter_plan *filter, struct chain *chain, struct process_value *process)
{
	struct binary_value *binary = filter->argument == BINARY_OF_PARENT ? binary_of_parent(process) : binary_of(process);
	bool found;

	if (filter->operator == FILTER_BINARY_EQUAL)
		found = is_binary_one_of(chain, binary, filter->set);
	else if (filter->operator == FILTER_BINARY_PREFIX)
		found = has_binary_prefix(chain, binary, filter->set);
	else
		found = has_binary_postfix(chain, binary, filter->set);
	return found != filter->negated;
}

/* ---- all of them ---- */

static __always_inline bool process_filter_holds(const volatile struct filter_plan *filter, struct chain *chain, struct task_struct *task)
{
	__u8 operator = filter->operator;
	struct process_value *process;
	bool found = false;

	if (operator == FILTER_CAPABILITY || operator == FILTER_CAPABILITY_CHANGE)
		return capability_filter_holds(filter, task);
	if (operator == FILTER_PID) {
		found = is_value(filter, tgid_of(task, true));
	} else if (operator == FILTER_NAMESPACE_PID) {
		found = is_value(filter, namespace_pid_of(task, true));
	} else if (operator == FILTER_NAMESPACE) {
		found = is_value(filter, namespace_of(filter->argument));
	} else if (operator == FILTER_NAMESPACE_CHANGE) {
		found = has_changed_namespace(filter->values[0]);
	} else {
		process = process_of(task, true);
		if (operator != FILTER_FOLLOWED)
			return binary_filter_holds(filter, chain, process);
		found = process && process->followed & 1ULL << filter->set;
	}
	return found != filter->negated;
}

#endif
