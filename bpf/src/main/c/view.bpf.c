// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where the agent is in the machine: asked once, before all else, for only the kernel can count levels above a namespace's root. And where namespaces are,
 * and what sockets and packets say.
 */
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

#define NETWORK_AT(which, type, member) offsets[which] = bpf_core_field_exists(struct type, member) ? bpf_core_field_offset(struct type, member) : NO_OFFSET

/* A program of its own, for what both find is too much for one stack. */
SEC("iter/task")
int find_network(struct bpf_iter__task *ctx)
{
	__u32 offsets[NETWORK_OFFSETS];

	if (ctx->meta->seq_num)
		return 0;
	NETWORK_AT(SOCK_FAMILY, sock, __sk_common.skc_family);
	NETWORK_AT(SOCK_STATE, sock, __sk_common.skc_state);
	NETWORK_AT(SOCK_DADDR, sock, __sk_common.skc_daddr);
	NETWORK_AT(SOCK_RCV_SADDR, sock, __sk_common.skc_rcv_saddr);
	NETWORK_AT(SOCK_V6_DADDR, sock, __sk_common.skc_v6_daddr);
	NETWORK_AT(SOCK_V6_RCV_SADDR, sock, __sk_common.skc_v6_rcv_saddr);
	NETWORK_AT(SOCK_NUM, sock, __sk_common.skc_num);
	NETWORK_AT(SOCK_DPORT, sock, __sk_common.skc_dport);
	NETWORK_AT(SOCK_COOKIE, sock, __sk_common.skc_cookie);
	NETWORK_AT(SOCK_TYPE, sock, sk_type);
	NETWORK_AT(SOCK_PROTOCOL, sock, sk_protocol);
	NETWORK_AT(SOCK_MARK, sock, sk_mark);
	NETWORK_AT(SOCK_PRIORITY, sock, sk_priority);
	NETWORK_AT(SOCKET_SK, socket, sk);
	offsets[SKB_BYTES] = bpf_core_type_size(struct sk_buff);
	NETWORK_AT(SKB_LEN, sk_buff, len);
	NETWORK_AT(SKB_HASH, sk_buff, hash);
	NETWORK_AT(SKB_MARK, sk_buff, mark);
	NETWORK_AT(SKB_PRIORITY, sk_buff, priority);
	NETWORK_AT(SKB_PROTOCOL, sk_buff, protocol);
	NETWORK_AT(SKB_NETWORK_HEADER, sk_buff, network_header);
	NETWORK_AT(SKB_HEAD, sk_buff, head);
	NETWORK_AT(SKB_TAIL, sk_buff, tail);
	NETWORK_AT(SKB_EXTENSIONS, sk_buff, extensions);
	NETWORK_AT(SKB_ACTIVE_EXTENSIONS, sk_buff, active_extensions);
	offsets[SKB_SECURITY_PATH] = bpf_core_enum_value_exists(enum skb_ext_id, SKB_EXT_SEC_PATH) ? bpf_core_enum_value(enum skb_ext_id, SKB_EXT_SEC_PATH) : NO_OFFSET;
	NETWORK_AT(EXTENSION_OFFSETS, skb_ext, offset);
	NETWORK_AT(SECURITY_PATH_LEN, sec_path, len);
	NETWORK_AT(NET_DEVICE_NAME, net_device, name);
	bpf_seq_write(ctx->meta->seq, offsets, sizeof(offsets));
	return 0;
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
