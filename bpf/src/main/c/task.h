/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a task says about itself. All of it for the whole process (thread group), but for the thread's id in a record's header.
 *
 * `known`, a constant wherever it is given, says whether the verifier knows the pointer as a task: then members are read like any memory. A kprobe has
 * but a number, through which each step is a call that copies (15 ns).
 */
#ifndef SKEP_TASK_H
#define SKEP_TASK_H

#include <bpf/bpf_core_read.h>
#include "maps.h"
#include "oldest.h"
#include "view.h"

static __always_inline __u64 cgroup_of(struct task_struct *task, bool known)
{
	return LOOK(known, task, cgroups, dfl_cgrp, kn, id);
}

static __always_inline void process_key_of(struct task_struct *task, bool known, struct process_key *key)
{
	key->pid = tgid_of(task, known);
	key->padding = 0;
	key->start = LOOK(known, task, group_leader, start_boottime);
}

/* The process in its innermost pid namespace: upid.nr is what getpid() tells it. Returns the namespace's level; 0 is the initial one. */
static __always_inline __u32 innermost_of(struct task_struct *task, bool known, struct upid *upid)
{
	struct task_struct *leader = LOOK(known, task, group_leader);
	struct pid *pid = BPF_CORE_READ(leader, thread_pid); /* not a pointer to the verifier, so that 6.1 lets us reckon with it */
	__u32 level = BPF_CORE_READ(pid, level);
	void *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);
	struct upid *innermost = numbers + level * bpf_core_type_size(struct upid);

	upid->nr = BPF_CORE_READ(innermost, nr);
	upid->ns = BPF_CORE_READ(innermost, ns);
	return level;
}

static __always_inline __u32 namespace_pid_of(struct task_struct *task, bool known)
{
	struct upid upid;

	innermost_of(task, known, &upid);
	return upid.nr;
}

static __always_inline void read_namespaces(struct task_struct *task, bool known, struct upid *innermost, struct namespaces *namespaces)
{
	struct nsproxy *proxy = LOOK(known, task, nsproxy);

	namespaces->uts = LOOK(known, proxy, uts_ns, ns.inum);
	namespaces->ipc = LOOK(known, proxy, ipc_ns, ns.inum);
	namespaces->mnt = LOOK(known, proxy, mnt_ns, ns.inum);
	namespaces->pid = BPF_CORE_READ(innermost->ns, ns.inum);
	namespaces->pid_for_children = LOOK(known, proxy, pid_ns_for_children, ns.inum);
	namespaces->net = LOOK(known, proxy, net_ns, ns.inum);
	namespaces->time = LOOK(known, proxy, time_ns, ns.inum);
	namespaces->time_for_children = LOOK(known, proxy, time_ns_for_children, ns.inum);
	namespaces->cgroup = LOOK(known, proxy, cgroup_ns, ns.inum);
	namespaces->user = LOOK(known, task, cred, user_ns, ns.inum);
}

static __always_inline __u64 capability_set(const struct cred *cred, __u32 offset)
{
	__u64 set = 0;

	bpf_probe_read_kernel(&set, sizeof(set), (void *)cred + offset);
	return set;
}

static __always_inline void read_capabilities(const struct cred *cred, struct capabilities *capabilities)
{
	capabilities->permitted = capability_set(cred, bpf_core_field_offset(cred->cap_permitted));
	capabilities->effective = capability_set(cred, bpf_core_field_offset(cred->cap_effective));
	capabilities->inheritable = capability_set(cred, bpf_core_field_offset(cred->cap_inheritable));
}

static __always_inline void fill_header(struct record_header *header, enum record_kind kind, __u32 size, __u64 time, struct task_struct *task,
					bool known, __u64 began)
{
	header->size = size;
	header->kind = kind;
	header->cpu = bpf_get_smp_processor_id();
	header->time = time;
	process_key_of(task, known, &header->process);
	header->began = began;
	header->cgroup = cgroup_of(task, known);
	header->tid = tid_of(task, known);
	header->uid = LOOK(known, task, cred, euid.val);
}

/* ---- the process map ---- */

/* Of a pid that a process had before, and whose end went unseen, there may be an entry that is not this process'. */
static __always_inline struct process_value *process_of(struct task_struct *task, bool known)
{
	__u32 pid = tgid_of(task, known);
	struct process_value *process = bpf_map_lookup_elem(&processes, &pid);

	return process && process->key.start == LOOK(known, task, group_leader, start_boottime) ? process : NULL;
}

static __always_inline __u64 began_of(struct task_struct *task, bool known)
{
	struct process_value *process = process_of(task, known);

	return process ? process->began : 0;
}

#define TS_COMPAT 2 /* thread_info.status: in a 32-bit system call, whose numbers mean other calls */

/* A 32-bit call by int 0x80 can come from any 64-bit program. (x32 calls have a bit set that puts them beyond the tables.) */
static __always_inline bool is_compat_call(struct task_struct *task)
{
	return task->thread_info.status & TS_COMPAT;
}

#endif
