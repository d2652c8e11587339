/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What of the machine is the agent's node. Mostly all of it; but nodes that are containers, as kind makes them, share one kernel: then it is the processes
 * below the node's cgroup, and their ids are those of its pid namespace. On other nodes the constants make all of this vanish before the JIT.
 */
#ifndef SKEP_VIEW_H
#define SKEP_VIEW_H

#include "kernel_types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "shared.h"

/* from->member->member ... */
#define LOOK(known, from, members...) ((known) ? ___arrow(from, members) : BPF_CORE_READ(from, members))

const volatile struct node_view view; /* set before load */

/* Of the cgroup itself, or of one above it; 0 if it is not that deep. `level` is at most CGROUP_LEVELS_MAX. */
static __always_inline __u64 cgroup_id_at(struct cgroup *cgroup, __u32 level)
{
	struct cgroup___before_6_1 *before = (void *)cgroup;
	struct cgroup *ancestor = NULL;
	__u64 id = 0;

	if ((__u32)BPF_CORE_READ(cgroup, level) < level)
		return 0;
	if (bpf_core_field_exists(before->ancestor_ids)) {
		bpf_probe_read_kernel(&id, sizeof(id), (void *)before + bpf_core_field_offset(before->ancestor_ids) + level * sizeof(id));
		return id;
	}
	bpf_probe_read_kernel(&ancestor, sizeof(ancestor), (void *)cgroup + bpf_core_field_offset(cgroup->ancestors) + level * sizeof(ancestor));
	return BPF_CORE_READ(ancestor, kn, id);
}

static __always_inline bool is_cgroup_of_node(struct cgroup *cgroup)
{
	return !view.cgroup_level || cgroup_id_at(cgroup, view.cgroup_level) == view.cgroup;
}

static __always_inline bool is_in_node(struct task_struct *task)
{
	return !view.cgroup_level || is_cgroup_of_node(BPF_CORE_READ(task, cgroups, dfl_cgrp));
}

static __always_inline __u32 pid_in_node(struct pid *pid)
{
	struct upid *upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) + view.pid_level * bpf_core_type_size(struct upid);

	if (BPF_CORE_READ(pid, level) < view.pid_level || BPF_CORE_READ(upid, ns, ns.inum) != view.pid_namespace)
		return 0;
	return BPF_CORE_READ(upid, nr);
}

/* The process' id; 0 if it is not to be seen from the node. */
static __always_inline __u32 tgid_of(struct task_struct *task, bool known)
{
	struct task_struct *leader;

	if (!view.pid_level)
		return LOOK(known, task, tgid);
	leader = LOOK(known, task, group_leader);
	return pid_in_node(BPF_CORE_READ(leader, thread_pid));
}

/* The same of the thread. */
static __always_inline __u32 tid_of(struct task_struct *task, bool known)
{
	return view.pid_level ? pid_in_node(BPF_CORE_READ(task, thread_pid)) : LOOK(known, task, pid);
}

#endif
