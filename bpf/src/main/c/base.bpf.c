// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The life of processes: fork, exec and exit, once per process (thread group), never per thread. The process map follows, for whoever asks later which
 * program a process runs.
 *
 * There are up to three programs for each, of which one is loaded: the same body on a function of the kernel (fentry or kprobe), or on a tracepoint.
 */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "cgroup.h"
#include "counters.h"
#include "cover.h"
#include "credentials.h"
#include "exec.h"
#include "generation.h"
#include "maps.h"
#include "path.h"
#include "process.h"
#include "task.h"
#include "view.h"

#define SIGNAL_GROUP_EXIT 4 /* signal_struct.flags: group_exit_code holds */
#define TREE_TURNS 32
#define FIRST_ARGUMENT(regs) ((void *)(regs)->di) /* of a function of the kernel */

/* ---- fork ---- */

static __always_inline int forked(struct task_struct *creator, bool creator_known, struct task_struct *child, bool known)
{
	__u64 now = bpf_ktime_get_boot_ns(), cgroup = cgroup_of(child, known), began;
	struct process_counters *counters = counters_of(cgroup);
	struct cover_counters *cover = cover_counters_of(cgroup);
	__u32 buffer = PROCESS_BUFFER_OF_FORK;
	struct process_value *process = bpf_map_lookup_elem(&process_buffers, &buffer), *origin;
	struct fork_record record = {};
	bool told;

	if (counters)
		__sync_fetch_and_add(&counters->forks, 1);
	if (cover)
		__sync_fetch_and_add(&cover->forks, 1);
	if (!process)
		return 0;
	/* Not real_parent, which CLONE_PARENT can choose: whom a process descends from is who made it. */
	origin = process_of(creator, creator_known);
	fill_process(process, child, known, creator, creator_known, origin);
	inherit_binary(process, origin);
	told = is_told(counters, cgroup, now, child, known, process->began);
	if (!told)
		process->flags |= PROCESS_UNTOLD;
	began = remember(process) ? process->began : 0;
	if (!told)
		return 0;
	fill_header(&record.header, RECORD_FORK, sizeof(record), now, child, known, began);
	record.parent = process->parent;
	record.parent_began = process->parent_began;
	record.namespace_pid = process->namespace_pid;
	record.flags = process->flags;
	if (bpf_ringbuf_output(&events, &record, sizeof(record), 0))
		drop(DROP_RING_FORK);
	return 0;
}

SEC("fentry/wake_up_new_task")
int BPF_PROG(fork_fentry, struct task_struct *child)
{
	if (child->pid != child->tgid || !is_in_node(child) || !is_active_generation(NEWEST_FIRST))
		return 0;
	return forked(current_task(), KNOWS_CURRENT, child, true);
}

SEC("kprobe/wake_up_new_task")
int fork_kprobe(struct pt_regs *regs)
{
	struct task_struct *child = FIRST_ARGUMENT(regs);

	if (LOOK(false, child, pid) != LOOK(false, child, tgid) || !is_in_node(child) || !is_active_generation(NEWEST_FIRST))
		return 0;
	return forked(current_task(), KNOWS_CURRENT, child, false);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(fork_tracepoint, struct task_struct *creator, struct task_struct *child)
{
	if (child->pid != child->tgid || !is_in_node(child) || !is_active_generation(OLDEST_FIRST))
		return 0;
	return forked(creator, true, child, true);
}

/* ---- exec ---- */

SEC("fentry/security_bprm_committing_creds")
int BPF_PROG(credentials_fentry, struct linux_binprm *binprm)
{
	return note_change(binprm, true);
}

SEC("kprobe/security_bprm_committing_creds")
int credentials_kprobe(struct pt_regs *regs)
{
	return note_change(FIRST_ARGUMENT(regs), false);
}

SEC("tp_btf/sched_prepare_exec")
int BPF_PROG(credentials_tracepoint, struct task_struct *task, struct linux_binprm *binprm)
{
	return note_change(binprm, true);
}

static __always_inline int executed(struct task_struct *task, struct linux_binprm *binprm)
{
	__u64 now = bpf_ktime_get_boot_ns(), cgroup = cgroup_of(task, true), began;
	__u32 buffer = PROCESS_BUFFER_OF_EXEC, slot = TEXT_EXECUTABLE;
	struct process_value *process, *built;
	struct process_counters *counters;
	struct cover_counters *cover;
	struct text *path;

	counters = counters_of(cgroup);
	if (counters)
		__sync_fetch_and_add(&counters->execs, 1);
	cover = cover_counters_of(cgroup);
	if (cover)
		__sync_fetch_and_add(&cover->execs, 1);
	built = bpf_map_lookup_elem(&process_buffers, &buffer);
	path = bpf_map_lookup_elem(&texts, &slot);
	if (!built || !path)
		return 0;
	read_path(&task->mm->exe_file->f_path, path);
	process = process_of(task, true);
	if (process) {
		/* In place: it is this process' own, and all its threads but this one are gone. Others see by `began` that it changes. */
		keep_binary(process);
		*(volatile __u64 *)&process->began = 0;
		refresh(process, task, true);
		process->followed = (process->followed & ~retired_bits()) | followed_bits(process->key.pid, process->namespace_pid);
	} else {
		process = built;
		fill_process(process, task, true, task->real_parent, true, process_of(task->real_parent, true));
	}
	fill_binary(process, path);
	process->followed |= followed_by_binary(process, PROCESS_BUFFER_OF_EXEC);
	if (is_told(counters, cgroup, now, task, true, now)) {
		process->flags &= ~PROCESS_UNTOLD;
		began = now;
		if (process == built) {
			process->began = now;
			began = remember(process) ? now : 0;
		}
		send_exec(process, task, binprm, path, now, began);
		*(volatile __u64 *)&process->began = now;
	} else {
		process->began = now;
		if (process == built) {
			process->flags |= PROCESS_UNTOLD;
			remember(process);
		}
	}
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_tracepoint, struct task_struct *task, pid_t old_pid, struct linux_binprm *binprm)
{
	if (!is_in_node(task) || !is_active_generation(OLDEST_FIRST))
		return 0;
	return executed(task, binprm);
}

/*
 * Each loader of binaries (ELF of 64 and 32 bits, flat) calls it as its last step, after which nothing can fail. Of a script or the like only that of its
 * interpreter does.
 */
#ifndef SKEP_5_10 /* which knows no pointer to the current task */
SEC("kprobe/finalize_exec")
int exec_kprobe(struct pt_regs *regs)
{
	if (!is_in_node(current_task()) || !is_active_generation(NEWEST_FIRST))
		return 0;
	return executed(current_task(), FIRST_ARGUMENT(regs));
}
#endif

/* ---- exit ---- */

/* Called for the last thread of a process, once. */
static __always_inline int ended_process(struct task_struct *task, bool known)
{
	__u64 now = bpf_ktime_get_boot_ns(), cgroup = cgroup_of(task, known), began = 0;
	struct process_value *process = process_of(task, known);
	struct process_counters *counters = counters_of(cgroup);
	struct cover_counters *cover = cover_counters_of(cgroup);
	struct exit_record record = {};
	__u32 pid = tgid_of(task, known);
	bool untold = false;

	if (counters)
		__sync_fetch_and_add(&counters->exits, 1);
	if (cover)
		__sync_fetch_and_add(&cover->exits, 1);
	if (process) {
		began = process->began;
		untold = process->flags & PROCESS_UNTOLD;
		keep_binary(process);
	}
	forget(pid);
	if (untold)
		return 0;
	fill_header(&record.header, RECORD_EXIT, sizeof(record), now, task, known, began);
	record.header.tid = pid;
	if (LOOK(known, task, signal, flags) & SIGNAL_GROUP_EXIT)
		record.code = LOOK(known, task, signal, group_exit_code);
	else
		record.code = LOOK(known, task, group_leader, exit_code);
	if (bpf_ringbuf_output(&events, &record, sizeof(record), 0))
		drop(DROP_RING_EXIT);
	return 0;
}

/* The kernel calls this function for the last thread alone. */
SEC("fentry/acct_process")
int BPF_PROG(exit_fentry)
{
	if (!is_in_node(current_task()) || !is_active_generation(NEWEST_FIRST))
		return 0;
	return ended_process(current_task(), KNOWS_CURRENT);
}

SEC("kprobe/acct_process")
int exit_kprobe(struct pt_regs *regs)
{
	if (!is_in_node(current_task()) || !is_active_generation(NEWEST_FIRST))
		return 0;
	return ended_process(current_task(), KNOWS_CURRENT);
}

/* Since 6.16 the tracepoint says itself whether the process' last thread goes. */
typedef void (*btf_trace_sched_process_exit___with_group)(void *, struct task_struct *, bool);

/*
 * Before, `live` was taken down before the tracepoint: of threads that end at once several may see 0. The first of them leaves a mark for the others, unless
 * it is the only one that is left.
 */
static __always_inline bool is_last(struct task_struct *task)
{
	struct process_key key;
	__u8 mark = 1;

	if (task->signal->live.counter)
		return false;
	process_key_of(task, true, &key);
	if (task->signal->nr_threads == 1)
		return !bpf_map_lookup_elem(&ended, &key);
	return !bpf_map_update_elem(&ended, &key, &mark, BPF_NOEXIST);
}

SEC("tp_btf/sched_process_exit")
int exit_tracepoint(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	bool last;

	if (!is_in_node(task) || !is_active_generation(OLDEST_FIRST))
		return 0;
	if (bpf_core_type_matches(btf_trace_sched_process_exit___with_group))
		last = ctx[1];
	else
		last = is_last(task);
	return last ? ended_process(task, true) : 0;
}

/* ---- cgroups ---- */

/* Before anybody sees the new cgroup, so before a process can be in it. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_made, struct cgroup *cgroup, const char *path)
{
	if (!is_unified(cgroup) || !is_cgroup_of_node(cgroup) || !is_active_generation(OLDEST_FIRST))
		return 0;
	inherit_cover(cgroup);
	send_cgroup(RECORD_CGROUP_MADE, cgroup, path);
	return 0;
}

/* No process is in it any more. */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_gone, struct cgroup *cgroup, const char *path)
{
	__u64 id = cgroup->kn->id;

	if (!is_unified(cgroup) || !is_cgroup_of_node(cgroup) || !is_active_generation(OLDEST_FIRST))
		return 0;
	bpf_map_delete_elem(&cgroup_covers, &id);
	send_cgroup(RECORD_CGROUP_GONE, cgroup, NULL);
	return 0;
}

/* ---- processes that are older than these programs ---- */

struct tree_walk {
	struct task_struct *task;
	bool in_tree;
};

/* One step towards the first process of the task's container, if it descends from such. */
static long one_parent_up(__u64 turn, struct tree_walk *walk)
{
	struct task_struct *task = walk->task;
	struct upid innermost;
	__u32 level = innermost_of(task, false, &innermost);

	if (innermost.nr == 1 || !level) {
		walk->in_tree = level;
		return 1;
	}
	walk->task = BPF_CORE_READ(task, real_parent);
	return 0;
}

/* The kernel passed over the program that should have seen its last exec. */
static __always_inline bool is_stale(struct process_value *there, struct process_value *now)
{
	return there->exec_id != now->exec_id && *(volatile __u64 *)&there->began;
}

/*
 * Puts those that are missing into the process map, and right what is said of those whose exec was missed; to those that are there it adds the
 * followed bits that are due, and takes away the retired ones. Writes the id of each process that it changed. A child may come before its parent: the agent reads it again and again
 * until it reads nothing.
 */
SEC("iter/task")
int fill_processes(struct bpf_iter__task *ctx)
{
	__u32 buffer = PROCESS_BUFFER_OF_ITERATOR, slot = TEXT_OF_ITERATOR, pid;
	struct process_value *process, *there, *origin;
	struct task_struct *task = ctx->task;
	struct tree_walk walk = {};
	struct text *path;
	__u64 missing, surplus;
	bool stale;

	if (!task || task->pid != task->tgid || !task->signal->live.counter || !is_in_node(task))
		return 0;
	process = bpf_map_lookup_elem(&process_buffers, &buffer);
	path = bpf_map_lookup_elem(&texts, &slot);
	if (!process || !path)
		return 0;
	pid = tgid_of(task, true);
	origin = process_of(task->real_parent, true);
	fill_process(process, task, true, task->real_parent, true, origin);
	there = process_of(task, true);
	stale = there && is_stale(there, process);
	if (!there || stale) {
		if (task->mm)
			read_path(&task->mm->exe_file->f_path, path);
		else
			path->size = 0, path->flags = ARGUMENT_UNREADABLE;
	}
	if (there) {
		if (stale) {
			refresh(there, task, true);
			fill_binary(there, path);
			there->began = bpf_ktime_get_boot_ns();
		}
		process->followed |= followed_by_binary(there, PROCESS_BUFFER_OF_ITERATOR);
		missing = process->followed & ~there->followed;
		surplus = there->followed & retired_bits();
		if (missing)
			set_bits(&there->followed, missing);
		if (surplus)
			clear_bits(&there->followed, surplus);
		if (missing | surplus || stale)
			bpf_seq_write(ctx->meta->seq, &pid, sizeof(pid));
		return 0;
	}
	if (!origin) {
		process->parent_began = process->parent.start;
		walk.task = task->real_parent;
		REPEAT(TREE_TURNS, TREE_TURNS, one_parent_up, &walk);
		if (walk.in_tree)
			process->flags |= PROCESS_IN_INIT_TREE;
	}
	fill_binary(process, path);
	process->followed |= followed_by_binary(process, PROCESS_BUFFER_OF_ITERATOR);
	if (!insert(process))
		bpf_seq_write(ctx->meta->seq, &pid, sizeof(pid));
	if (!task->signal->live.counter) /* it ended meanwhile, perhaps before it was here to be removed */
		forget(pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
