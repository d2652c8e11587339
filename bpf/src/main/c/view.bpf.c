// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where the agent is in the machine: asked once, before all else, for only the kernel can count levels above a namespace's root. And where namespaces are. */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include "view.h"

#define NAMESPACE_AT(kind, member, type)                                                                                                   \
	found->namespaces[kind].pointer = bpf_core_field_offset(struct nsproxy, member);                                                  \
	found->namespaces[kind].inode = bpf_core_field_offset(struct type, ns.inum)

/* A function of its own, for the verifier of 6.1: inlined below it would cost the loop there a register. */
static __noinline void find_namespaces(struct whereabouts *found)
{
	NAMESPACE_AT(NAMESPACE_UTS, uts_ns, uts_namespace);
	NAMESPACE_AT(NAMESPACE_IPC, ipc_ns, ipc_namespace);
	NAMESPACE_AT(NAMESPACE_MNT, mnt_ns, mnt_namespace);
	NAMESPACE_AT(NAMESPACE_PID_FOR_CHILDREN, pid_ns_for_children, pid_namespace);
	NAMESPACE_AT(NAMESPACE_NET, net_ns, net);
	NAMESPACE_AT(NAMESPACE_TIME, time_ns, time_namespace);
	NAMESPACE_AT(NAMESPACE_TIME_FOR_CHILDREN, time_ns_for_children, time_namespace);
	NAMESPACE_AT(NAMESPACE_CGROUP, cgroup_ns, cgroup_namespace);
	found->namespaces[NAMESPACE_PID].inode = bpf_core_field_offset(struct pid_namespace, ns.inum);
	found->namespaces[NAMESPACE_USER].inode = bpf_core_field_offset(struct user_namespace, ns.inum);
}

/* A function of its own, so that the compiler writes the struct's type down. */
static __noinline void look_around(struct whereabouts *found)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	struct upid *innermost;

	found->pid_level = BPF_CORE_READ(pid, level);
	innermost = (void *)pid + bpf_core_field_offset(struct pid, numbers) + found->pid_level * bpf_core_type_size(struct upid);
	found->pid_namespace = BPF_CORE_READ(innermost, ns, ns.inum);
	found->cgroup_level = BPF_CORE_READ(cgroup, level);
	for (__u32 level = 0; level < CGROUP_LEVELS_MAX; level++)
		found->cgroups[level] = cgroup_id_at(cgroup, level);
}

/* Of whoever reads it, once; the tasks do not matter. */
SEC("iter/task")
int find_agent(struct bpf_iter__task *ctx)
{
	struct whereabouts found = {};

	if (ctx->meta->seq_num)
		return 0;
	look_around(&found);
	find_namespaces(&found);
	bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
