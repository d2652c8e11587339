/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a process may do, and which exec gave it more. The change is seen when the new credentials are ready and the old still hold, and kept for the
 * program that sees the exec.
 *
 * An exec is said to raise
 *   by setuid: if the effective user becomes root and was not (of the initial user namespace; the file's bit alone can do that),
 *   by setgid: the same of the group,
 *   by file capabilities: if the process gains a permitted one, although it neither is nor becomes root of its user namespace.
 */
#ifndef SKEP_CREDENTIALS_H
#define SKEP_CREDENTIALS_H

#include "maps.h"
#include "task.h"

/* The user that is root in a namespace, as far as its first extent says; NO_ID if that does not. */
static __always_inline __u32 root_of(struct user_namespace *namespace, bool known)
{
	if (!LOOK(known, namespace, level))
		return 0;
	if (LOOK(known, namespace, uid_map.extent[0].first))
		return NO_ID;
	return LOOK(known, namespace, uid_map.extent[0].lower_first);
}

/* Called in the task that executes. */
static __always_inline int note_change(struct linux_binprm *binprm, bool known)
{
	struct task_struct *task = current_task();
	struct raised_key key = {.binprm = (__u64)binprm, .pid = tgid_of(task, KNOWS_CURRENT)};
	struct raised_value value = {.setuid = NO_ID, .setgid = NO_ID};
	const struct cred *before = LOOK(KNOWS_CURRENT, task, cred);
	struct cred *after = LOOK(known, binprm, cred);
	__u32 uid = LOOK(known, after, uid.val), euid = LOOK(known, after, euid.val), egid = LOOK(known, after, egid.val);
	__u32 old_euid = LOOK(KNOWS_CURRENT, before, euid.val), old_egid = LOOK(KNOWS_CURRENT, before, egid.val);
	__u32 permitted = bpf_core_field_offset(before->cap_permitted), root;

	if (!is_in_node(task))
		return 0;
	if (euid != old_euid) {
		value.setuid = euid;
		if (!euid)
			value.flags |= EXEC_RAISED_BY_SETUID;
	}
	if (egid != old_egid) {
		value.setgid = egid;
		if (!egid)
			value.flags |= EXEC_RAISED_BY_SETGID;
	}
	if (capability_set(after, permitted) & ~capability_set(before, permitted)) {
		root = root_of(LOOK(known, after, user_ns), known);
		if (euid != root && uid != root)
			value.flags |= EXEC_RAISED_BY_FILE_CAPABILITIES;
	}
	if (value.flags || value.setuid != NO_ID || value.setgid != NO_ID)
		bpf_map_update_elem(&raised, &key, &value, BPF_ANY);
	return 0;
}

/* Of the exec that goes on; what was kept is gone afterwards. */
static __always_inline __u32 take_change(struct linux_binprm *binprm, __u32 pid, struct executable *executable)
{
	struct raised_key key = {.binprm = (__u64)binprm, .pid = pid};
	struct raised_value *value;
	__u32 flags;

	executable->setuid = NO_ID;
	executable->setgid = NO_ID;
	if (!limits.sees_credentials)
		return EXEC_UNKNOWN_CHANGE;
	value = bpf_map_lookup_elem(&raised, &key);
	if (!value)
		return 0;
	flags = value->flags;
	executable->setuid = value->setuid;
	executable->setgid = value->setgid;
	bpf_map_delete_elem(&raised, &key);
	return flags;
}

/* `process` is as after the exec. */
static __always_inline void read_credentials(const struct cred *cred, struct process_value *process, struct credentials *credentials)
{
	credentials->uid = cred->uid.val;
	credentials->gid = cred->gid.val;
	credentials->euid = cred->euid.val;
	credentials->egid = cred->egid.val;
	credentials->suid = cred->suid.val;
	credentials->sgid = cred->sgid.val;
	credentials->fsuid = cred->fsuid.val;
	credentials->fsgid = cred->fsgid.val;
	credentials->secure_bits = process->secure_bits;
	credentials->user_level = process->user_level;
	credentials->user_owner = process->user_owner;
	credentials->user_group = process->user_group;
	credentials->capabilities = process->capabilities;
}

#endif
