/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a task says about itself. All of it for the whole process (thread group), but for the thread's id in a record's header. */
#ifndef SKEP_TASK_H
#define SKEP_TASK_H

#include <bpf/bpf_core_read.h>
#include "maps.h"

static __always_inline __u64 cgroup_of(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

static __always_inline void process_key_of(struct task_struct *task, struct process_key *key)
{
	key->pid = task->tgid;
	key->padding = 0;
	key->start = task->group_leader->start_boottime;
}

/* The process' id in its innermost pid namespace: what getpid() tells it. */
static __always_inline __u32 namespace_pid_of(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct pid *pid = BPF_CORE_READ(leader, thread_pid); /* not a pointer to the verifier, so that 6.1 lets us reckon with it */
	__u32 level = BPF_CORE_READ(pid, level), found = 0;
	void *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);

	bpf_core_read(&found, sizeof(found), (struct upid *)(numbers + level * bpf_core_type_size(struct upid)));
	return found;
}

static __always_inline void fill_header(struct record_header *header, enum record_kind kind, __u32 size, __u64 time, struct task_struct *task)
{
	header->size = size;
	header->kind = kind;
	header->cpu = bpf_get_smp_processor_id();
	header->time = time;
	process_key_of(task, &header->process);
	header->cgroup = cgroup_of(task);
	header->tid = task->pid;
	header->uid = task->cred->euid.val;
}

#endif
