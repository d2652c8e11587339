// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The life of processes: fork, exec and exit, once per process (thread group), never per thread. Each is counted for its cgroup whatever happens
 * to its record. The process map follows, for whoever asks later which executable a process runs.
 */
#include "kernel_types.h"
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "maps.h"
#include "generation.h"
#include "path.h"
#include "task.h"

#define SIGNAL_GROUP_EXIT 4 /* signal_struct.flags: group_exit_code holds */
#define UNSET_LOGIN_UID ((__u32)-1)

/* ---- counters ---- */

static __always_inline struct process_counters *counters_of(__u64 cgroup)
{
	struct process_counters none = {};
	struct process_counters *counters = bpf_map_lookup_elem(&cgroup_counters, &cgroup);
	__u64 rest = 0;

	if (counters)
		return counters;
	bpf_map_update_elem(&cgroup_counters, &cgroup, &none, BPF_NOEXIST);
	counters = bpf_map_lookup_elem(&cgroup_counters, &cgroup);
	if (counters)
		return counters;
	/* Full. The node's sums stay exact: key 0 is counted too, and made by the agent before anything is attached. */
	drop(DROP_CGROUP_MAP_FULL);
	return bpf_map_lookup_elem(&cgroup_counters, &rest);
}

/* ---- the process map ---- */

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

static __always_inline __u64 retired_bits(void)
{
	__u32 zero = 0;
	__u64 *bits = bpf_map_lookup_elem(&followed_retired, &zero);

	return bits ? *bits : 0;
}

/* What can be told of a process without its executable. `origin` is what is known of whom it descends from; NULL if nothing is. */
static __always_inline void fill_process(struct process_value *process, struct task_struct *task, struct task_struct *parent,
					 struct process_value *origin)
{
	process_key_of(task, &process->key);
	process->cgroup = cgroup_of(task);
	process->namespace_pid = namespace_pid_of(task);
	process->followed = followed_bits(process->key.pid, process->namespace_pid);
	if (origin)
		process->followed |= origin->followed & ~retired_bits();
	else
		process->followed |= followed_bits(parent->tgid, namespace_pid_of(parent));
	process->flags = 0;
}

/* Takes the path of the executable over from `path`, zero-padded. */
static __always_inline void fill_binary(struct process_value *process, struct text *path)
{
	__u32 start = path->start, size = path->size;

	__builtin_memset(process->binary, 0, sizeof(process->binary));
	process->binary_size = path->flags & ARGUMENT_UNREADABLE ? 0 : size;
	if (path->flags || size >= BINARY_BYTES || start > DATA_MAX_BYTES)
		return; /* the size alone says that nothing matches */
	bpf_probe_read_kernel(process->binary, size, path->bytes + start);
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

static __always_inline struct process_value *process_of(__u32 pid)
{
	return bpf_map_lookup_elem(&processes, &pid);
}

static __always_inline void remember(struct process_value *process)
{
	__u32 pid = process->key.pid;

	if (bpf_map_update_elem(&processes, &pid, process, BPF_ANY))
		drop(DROP_PROCESS_MAP_FULL);
}

/* ---- fork ---- */

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *creator, struct task_struct *child)
{
	__u32 buffer = PROCESS_BUFFER;
	struct process_value *process, *origin;
	struct process_counters *counters;
	struct fork_record record = {};

	if (!is_active_generation() || child->pid != child->tgid)
		return 0;
	counters = counters_of(cgroup_of(child));
	if (counters)
		__sync_fetch_and_add(&counters->forks, 1);
	process = bpf_map_lookup_elem(&process_buffers, &buffer);
	if (!process)
		return 0;
	/* Not real_parent, which CLONE_PARENT can choose: whom a process descends from is who made it. */
	origin = process_of(creator->tgid);
	fill_process(process, child, creator, origin);
	process_key_of(creator, &process->parent);
	inherit_binary(process, origin);
	remember(process);

	fill_header(&record.header, RECORD_FORK, sizeof(record), bpf_ktime_get_boot_ns(), child);
	record.parent = process->parent;
	record.namespace_pid = process->namespace_pid;
	if (bpf_ringbuf_output(&events, &record, sizeof(record), 0))
		drop(DROP_RING_FORK);
	return 0;
}

/* ---- exec ---- */

static __always_inline __u32 login_uid_of(struct task_struct *task)
{
	return bpf_core_field_exists(task->loginuid) ? task->loginuid.val : UNSET_LOGIN_UID;
}

/* Appends a text to the record; `at` stays within 3 texts. */
static __always_inline __u32 append_text(struct record_buffer *buffer, __u32 at, struct text *text)
{
	__u32 start = text->start, size = text->size;

	if (at > sizeof(struct exec_record) + 2 * DATA_MAX_BYTES || start > DATA_MAX_BYTES || size > DATA_MAX_BYTES)
		return at;
	bpf_probe_read_kernel(buffer->bytes + at, size, text->bytes + start);
	return at + size;
}

static __always_inline __u32 path_flags(struct text *text, __u32 truncated, __u32 unreadable)
{
	return (text->flags & ARGUMENT_TRUNCATED ? truncated : 0) | (text->flags & ARGUMENT_UNREADABLE ? unreadable : 0);
}

static __always_inline void send_exec(struct process_value *process, struct task_struct *task, struct text *path)
{
	__u32 zero = 0, cwd_slot = TEXT_CWD, at = sizeof(struct exec_record), flags, size;
	struct record_buffer *buffer = bpf_map_lookup_elem(&record_buffers, &zero);
	struct text *cwd = bpf_map_lookup_elem(&texts, &cwd_slot);
	struct exec_record *record;
	__u64 first, length;

	if (!buffer || !cwd)
		return;
	read_path(&task->fs->pwd, cwd);
	flags = path_flags(path, EXEC_TRUNCATED_PATH, EXEC_UNREADABLE_PATH) | path_flags(cwd, EXEC_TRUNCATED_CWD, EXEC_UNREADABLE_CWD);
	if (cwd->size == 1)
		flags |= EXEC_ROOT_CWD;
	at = append_text(buffer, at, path);
	at = append_text(buffer, at, cwd);

	first = task->mm->arg_start;
	length = task->mm->arg_end - first;
	if (length > DATA_MAX_BYTES) {
		length = DATA_MAX_BYTES;
		flags |= EXEC_TRUNCATED_ARGUMENTS;
	}
	size = length;
	if (at > sizeof(struct exec_record) + 2 * DATA_MAX_BYTES || size > DATA_MAX_BYTES)
		return;
	if (bpf_probe_read_user(buffer->bytes + at, size, (void *)first)) {
		size = 0;
		flags |= EXEC_UNREADABLE_ARGUMENTS;
	}
	at += size;

	record = (struct exec_record *)buffer->bytes;
	fill_header(&record->header, RECORD_EXEC, at, bpf_ktime_get_boot_ns(), task);
	record->parent = process->parent;
	record->namespace_pid = process->namespace_pid;
	record->login_uid = login_uid_of(task);
	record->flags = flags;
	record->path_size = path->size;
	record->cwd_size = cwd->size;
	record->arguments_size = size;
	record->padding = 0;
	if (bpf_ringbuf_output(&events, buffer, at, 0))
		drop(DROP_RING_EXEC);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	__u32 buffer = PROCESS_BUFFER, slot = TEXT_EXECUTABLE;
	struct process_value *process, *before, *origin;
	struct process_counters *counters;
	struct text *path;

	if (!is_active_generation())
		return 0;
	counters = counters_of(cgroup_of(task));
	if (counters)
		__sync_fetch_and_add(&counters->execs, 1);
	process = bpf_map_lookup_elem(&process_buffers, &buffer);
	path = bpf_map_lookup_elem(&texts, &slot);
	if (!process || !path)
		return 0;
	before = process_of(task->tgid);
	origin = before ? before : process_of(task->real_parent->tgid);
	fill_process(process, task, task->real_parent, origin);
	if (before)
		process->parent = before->parent; /* who forked it, even where that one is gone and another adopted it */
	else
		process_key_of(task->real_parent, &process->parent);
	read_path(&task->mm->exe_file->f_path, path);
	fill_binary(process, path);
	remember(process);
	send_exec(process, task, path);
	return 0;
}

/* ---- exit ---- */

/* Since 6.16 the tracepoint says itself whether the process' last thread goes. */
typedef void (*btf_trace_sched_process_exit___with_group)(void *, struct task_struct *, bool);

SEC("tp_btf/sched_process_exit")
int on_exit(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct process_counters *counters;
	struct exit_record record = {};
	__u32 pid = task->tgid;
	bool last, known;

	if (!is_active_generation())
		return 0;
	if (bpf_core_type_matches(btf_trace_sched_process_exit___with_group)) {
		last = ctx[1];
		if (!last)
			return 0;
		bpf_map_delete_elem(&processes, &pid);
	} else {
		/* `live` was taken down before the tracepoint: two last threads at once both see 0, and one of them finds the process. */
		if (task->signal->live.counter)
			return 0;
		known = !bpf_map_delete_elem(&processes, &pid);
		if (!known)
			return 0;
	}
	counters = counters_of(cgroup_of(task));
	if (counters)
		__sync_fetch_and_add(&counters->exits, 1);
	fill_header(&record.header, RECORD_EXIT, sizeof(record), bpf_ktime_get_boot_ns(), task);
	record.header.tid = pid;
	record.code = task->signal->flags & SIGNAL_GROUP_EXIT ? task->signal->group_exit_code : task->group_leader->exit_code;
	if (bpf_ringbuf_output(&events, &record, sizeof(record), 0))
		drop(DROP_RING_EXIT);
	return 0;
}

/* ---- processes that are older than this program ---- */

/*
 * Puts those that are missing into the process map; to those that are there it adds the followed bits that are due, and takes away the
 * retired ones. Writes the id of each process that it changed. A child may come before its parent: the agent reads it again and again
 * until it reads nothing.
 */
SEC("iter/task")
int fill_processes(struct bpf_iter__task *ctx)
{
	__u32 buffer = PROCESS_BUFFER_OF_ITERATOR, slot = TEXT_OF_ITERATOR, pid;
	struct process_value *process, *there, *origin;
	struct task_struct *task = ctx->task;
	struct text *path;
	__u64 missing, surplus;
	long failure;

	if (!task || task->pid != task->tgid || !task->signal->live.counter)
		return 0;
	process = bpf_map_lookup_elem(&process_buffers, &buffer);
	path = bpf_map_lookup_elem(&texts, &slot);
	if (!process || !path)
		return 0;
	pid = task->tgid;
	origin = process_of(task->real_parent->tgid);
	fill_process(process, task, task->real_parent, origin);
	there = process_of(pid);
	if (there) {
		missing = process->followed & ~there->followed;
		surplus = there->followed & retired_bits();
		if (missing)
			__sync_fetch_and_or(&there->followed, missing);
		if (surplus)
			__sync_fetch_and_and(&there->followed, ~surplus);
		if (missing | surplus)
			bpf_seq_write(ctx->meta->seq, &pid, sizeof(pid));
		return 0;
	}
	process_key_of(task->real_parent, &process->parent);
	if (task->mm)
		read_path(&task->mm->exe_file->f_path, path);
	else
		path->size = 0, path->flags = ARGUMENT_UNREADABLE;
	fill_binary(process, path);
	failure = bpf_map_update_elem(&processes, &pid, process, BPF_NOEXIST);
	if (!failure)
		bpf_seq_write(ctx->meta->seq, &pid, sizeof(pid));
	else if (failure != -EEXIST)
		drop(DROP_PROCESS_MAP_FULL);
	if (!task->signal->live.counter) /* it ended meanwhile, perhaps before it was here to be removed */
		bpf_map_delete_elem(&processes, &pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
