/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How entries of the process map are made, changed and removed. */
#ifndef SKEP_PROCESS_H
#define SKEP_PROCESS_H

#include <linux/errno.h>
#include "binary.h"
#include "counters.h"
#include "maps.h"
#include "task.h"

static __always_inline __u64 followed_bits(__u32 pid, __u32 namespace_pid)
{
	struct followed_key by_pid = {.pid = pid, .in_namespace = 0};
	struct followed_key by_namespace_pid = {.pid = namespace_pid, .in_namespace = 1};
	__u64 *bits, found = 0;

	bits = bpf_map_lookup_elem(&followed_pids, &by_pid);
	if (bits)
		found = *bits;
	bits = bpf_map_lookup_elem(&followed_pids, &by_namespace_pid);
	if (bits)
		found |= *bits;
	return found;
}

/* Of who runs this; `buffer` is the caller's process buffer. */
static __noinline __u64 followed_by_binary(struct process_value *process, __u32 buffer)
{
	struct binary_keys *keys = bpf_map_lookup_elem(&binary_keys, &buffer);
	__u32 zero = 0, *kinds = bpf_map_lookup_elem(&followed_kinds, &zero);
	__u64 *bits, found = 0;

	if (!process || !keys || !kinds || !*kinds || !process->binary_size)
		return 0;
	if (*kinds & FOLLOWED_BY_BINARY) {
		bits = bpf_map_lookup_elem(&followed_binaries, process->binary);
		if (bits)
			found = *bits;
	}
	if (*kinds & FOLLOWED_BY_PREFIX) {
		fill_prefix_key(&keys->prefix, binary_of(process));
		bits = bpf_map_lookup_elem(&followed_prefixes, &keys->prefix);
		if (bits)
			found |= *bits;
	}
	if (*kinds & FOLLOWED_BY_POSTFIX) {
		fill_postfix_key(&keys->postfix, binary_of(process));
		bits = bpf_map_lookup_elem(&followed_postfixes, &keys->postfix);
		if (bits)
			found |= *bits;
	}
	return found;
}

static __always_inline __u64 retired_bits(void)
{
	__u32 zero = 0;
	__u64 *bits = bpf_map_lookup_elem(&followed_retired, &zero);

	return bits ? *bits : 0;
}

/* What a task tells now, whatever it executes. The key, who made it and `began` are not touched. */
static __always_inline void refresh(struct process_value *process, struct task_struct *task, bool known)
{
	const struct cred *cred = LOOK(known, task, cred);
	struct user_namespace *namespace = LOOK(known, cred, user_ns);
	struct upid innermost;

	process->cgroup = cgroup_of(task, known);
	process->level = innermost_of(task, known, &innermost);
	process->namespace_pid = innermost.nr;
	read_namespaces(task, known, &innermost, &process->namespaces);
	read_capabilities(cred, &process->capabilities);
	process->secure_bits = LOOK(known, cred, securebits);
	process->user_level = LOOK(known, namespace, level);
	process->user_owner = LOOK(known, namespace, owner.val);
	process->user_group = LOOK(known, namespace, group.val);
	process->exec_id = LOOK(known, task, self_exec_id);
}

static __always_inline bool begins_tree(struct process_value *process)
{
	return process->level && process->namespace_pid == 1;
}

/* A process that has no entry yet. `origin` is the entry of whom it descends from, if there is one. */
static __always_inline void fill_process(struct process_value *process, struct task_struct *task, bool known, struct task_struct *parent,
					 bool parent_known, struct process_value *origin)
{
	process_key_of(task, known, &process->key);
	process_key_of(parent, parent_known, &process->parent);
	process->began = process->key.start;
	refresh(process, task, known);
	process->followed = followed_bits(process->key.pid, process->namespace_pid);
	process->flags = begins_tree(process) ? PROCESS_IN_INIT_TREE : 0;
	if (origin) {
		process->parent_began = origin->began;
		process->followed |= origin->followed & ~retired_bits();
		process->flags |= origin->flags & PROCESS_IN_INIT_TREE;
		__builtin_memcpy(&process->parent_binary, &origin->binary_size, sizeof(process->parent_binary));
	} else {
		process->parent_binary.size = 0;
		process->parent_began = 0;
		process->followed |= followed_bits(process->parent.pid, namespace_pid_of(parent, parent_known));
	}
}

/* Takes the path of the executable over from `path`. Of one that is longer than any path may be the beginning is not known. */
static __always_inline void fill_binary(struct process_value *process, struct text *path)
{
	__u32 start = path->start, size = path->size, tail = start + size - BINARY_END_BYTES;

	__builtin_memset(process->binary, 0, sizeof(process->binary));
	process->binary_size = path->flags & ARGUMENT_UNREADABLE ? 0 : size;
	if (start > DATA_MAX_BYTES)
		return;
	if (size < BINARY_BYTES) {
		if (!path->flags)
			bpf_probe_read_kernel(process->binary, size, path->bytes + start);
		return;
	}
	if (!path->flags)
		bpf_probe_read_kernel(process->binary, BINARY_END_BYTES, path->bytes + start);
	if (tail <= DATA_MAX_BYTES)
		bpf_probe_read_kernel(process->binary + BINARY_END_BYTES, BINARY_END_BYTES, path->bytes + tail);
}

static __always_inline void inherit_binary(struct process_value *process, struct process_value *origin)
{
	if (origin) {
		process->binary_size = origin->binary_size;
		__builtin_memcpy(process->binary, origin->binary, sizeof(process->binary));
	} else {
		process->binary_size = 0;
		__builtin_memset(process->binary, 0, sizeof(process->binary));
	}
}

/* For policies that ask what a parent ran that runs something else now, or nothing. */
static __always_inline void keep_binary(struct process_value *process)
{
	struct binary_key key = {.pid = process->key.pid, .began = process->began};

	/* binary_value begins and ends as process_value does from binary_size on. */
	if (limits.parent_binaries)
		bpf_map_update_elem(&parent_binaries, &key, &process->binary_size, BPF_ANY);
}

static __always_inline long insert(struct process_value *process)
{
	__u32 pid = process->key.pid;
	long failure = bpf_map_update_elem(&processes, &pid, process, BPF_NOEXIST);

	if (!failure) {
		count(&process_map_counts, PROCESS_INSERTED);
	} else if (failure != -EEXIST) {
		count(&process_map_counts, PROCESS_INSERT_ERRORS);
		drop(DROP_PROCESS_MAP_FULL);
	}
	return failure;
}

/* In place of one whose end went unseen, if there is one; else false if the map is full. */
static __always_inline bool remember(struct process_value *process)
{
	__u32 pid = process->key.pid;
	long failure = insert(process);

	if (failure == -EEXIST)
		failure = bpf_map_update_elem(&processes, &pid, process, BPF_ANY);
	return !failure;
}

static __always_inline bool forget(__u32 pid)
{
	if (!bpf_map_delete_elem(&processes, &pid)) {
		count(&process_map_counts, PROCESS_REMOVED);
		return true;
	}
	count(&process_map_counts, PROCESS_REMOVE_ERRORS);
	return false;
}

#endif
