// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a kernel lets BPF programs do, asked one program at a time (prober.c loads, attaches and triggers each alone). A program counts a hit only when the
 * kernel did what the program asked of it. A name that begins with deny_ or kill_ says what the trigger must feel besides; expected.txt has the answers.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>
#include "variables.h"

#define EPERM 1
#define SIGKILL 9
#define COOKIE 0x77

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct variables variables;

static __always_inline void hit(bool done)
{
	if (done)
		__sync_fetch_and_add(&variables.hits, 1);
}

static __always_inline bool is_prober(void)
{
	return (int)(bpf_get_current_pid_tgid() >> 32) == variables.prober;
}

/* The trigger's file and program are called "secret...", its thread "secret" when it makes the folder that nobody may make. */
static __always_inline bool secret_name(const char *name)
{
	return name[0] == 's' && name[1] == 'e' && name[2] == 'c' && name[3] == 'r';
}

static __always_inline bool secret_file(struct file *file)
{
	char name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return secret_name(name);
}

static __always_inline bool secret_task(void)
{
	char name[16] = {};

	bpf_get_current_comm(name, sizeof(name));
	return secret_name(name);
}

/* --- kprobes ---------------------------------------------------------------------------------------------------------------------------- */

SEC("kprobe/wake_up_new_task")
int BPF_KPROBE(kprobe_fork, struct task_struct *task)
{
	hit(BPF_CORE_READ(task, pid) > 0);
	return 0;
}

SEC("kprobe/acct_process")
int BPF_KPROBE(kprobe_account)
{
	hit(true);
	return 0;
}

SEC("kprobe/do_exit")
int BPF_KPROBE(kprobe_exit, long code)
{
	hit(code >= 0);
	return 0;
}

SEC("kretprobe/security_file_open")
int BPF_KRETPROBE(kretprobe_open, int result)
{
	hit(result == 0);
	return 0;
}

SEC("kprobe/__x64_sys_mkdir")
int BPF_KPROBE(kprobe_syscall, struct pt_regs *regs)
{
	hit((PT_REGS_PARM2_CORE(regs) & 0777) == 0711);
	return 0;
}

SEC("ksyscall/mkdir")
int BPF_KSYSCALL(ksyscall, const char *path, int mode)
{
	hit((mode & 0777) == 0711);
	return 0;
}

SEC("kprobe/ovl_open")
int BPF_KPROBE(kprobe_module)
{
	hit(true);
	return 0;
}

SEC("kprobe/__x64_sys_mkdir")
int kprobe_cookie(struct pt_regs *regs)
{
	hit(bpf_get_attach_cookie(regs) == COOKIE);
	return 0;
}

SEC("kprobe.multi/security_file_*")
int kprobe_multi(struct pt_regs *regs)
{
	hit(bpf_get_func_ip(regs) != 0);
	return 0;
}

SEC("kretprobe.multi/security_file_*")
int kretprobe_multi(struct pt_regs *regs)
{
	hit(true);
	return 0;
}

/* --- trampolines ------------------------------------------------------------------------------------------------------------------------ */

SEC("fentry/wake_up_new_task")
int BPF_PROG(fentry_fork, struct task_struct *task)
{
	hit(task->pid > 0);
	return 0;
}

SEC("fentry/acct_process")
int BPF_PROG(fentry_account)
{
	hit(true);
	return 0;
}

SEC("fexit/do_sys_openat2")
int BPF_PROG(fexit_result)
{
	__u64 result;

	hit(bpf_get_func_ret(ctx, &result) == 0);
	return 0;
}

SEC("fentry/ovl_open")
int BPF_PROG(fentry_module)
{
	hit(true);
	return 0;
}

SEC("fentry.s/__x64_sys_mkdir")
int BPF_PROG(fentry_sleepable, struct pt_regs *regs)
{
	char path[8];

	hit(bpf_copy_from_user(path, sizeof(path), (void *)regs->di) == 0 && path[0] == '/');
	return 0;
}

SEC("fmod_ret/security_file_open")
int BPF_PROG(deny_open_fmod_ret, struct file *file, int result)
{
	if (result || !secret_file(file))
		return result;
	hit(true);
	return -EPERM;
}

SEC("fmod_ret/security_bprm_check")
int BPF_PROG(deny_exec_fmod_ret, struct linux_binprm *binprm, int result)
{
	if (result || !secret_file(binprm->file))
		return result;
	hit(true);
	return -EPERM;
}

/* Of a function that returns long, the program must return long too: an int -1 arrives in user space as 4294967295. */
SEC("fmod_ret/__x64_sys_mkdir")
long BPF_PROG(deny_mkdir_fmod_ret, struct pt_regs *regs, long result)
{
	if (!secret_task())
		return result;
	hit(true);
	return -EPERM;
}

/* --- override --------------------------------------------------------------------------------------------------------------------------- */

SEC("kprobe/__x64_sys_mkdir")
int deny_mkdir_override(struct pt_regs *regs)
{
	if (secret_task())
		hit(bpf_override_return(regs, -EPERM) == 0);
	return 0;
}

SEC("kprobe.multi/__x64_sys_mkdir*")
int deny_mkdir_override_multi(struct pt_regs *regs)
{
	if (secret_task())
		hit(bpf_override_return(regs, -EPERM) == 0);
	return 0;
}

/* --- LSM -------------------------------------------------------------------------------------------------------------------------------- */

SEC("lsm/bprm_check_security")
int BPF_PROG(deny_exec_lsm, struct linux_binprm *binprm, int result)
{
	if (result || !secret_file(binprm->file))
		return result;
	hit(true);
	return -EPERM;
}

SEC("lsm/file_open")
int BPF_PROG(deny_open_lsm, struct file *file, int result)
{
	if (result || !secret_file(file))
		return result;
	hit(true);
	return -EPERM;
}

SEC("lsm/socket_connect")
int BPF_PROG(lsm_connect, void *socket, void *address, int length, int result)
{
	hit(true);
	return result;
}

static __always_inline void hash(struct file *file)
{
	char digest[32] = {};

	hit(bpf_ima_file_hash(file, digest, sizeof(digest)) > 0 && *(__u64 *)digest);
}

SEC("lsm.s/bprm_committed_creds")
void BPF_PROG(hash_at_exec, struct linux_binprm *binprm)
{
	hash(binprm->file);
}

SEC("lsm.s/bprm_creds_for_exec")
int BPF_PROG(hash_before_exec, struct linux_binprm *binprm, int result)
{
	hash(binprm->file);
	return result;
}

SEC("lsm.s/mmap_file")
int BPF_PROG(hash_at_mmap, struct file *file, unsigned long asked, unsigned long protection, unsigned long flags, int result)
{
	if (file)
		hash(file);
	return result;
}

SEC("lsm.s/file_open")
int BPF_PROG(hash_at_open, struct file *file, int result)
{
	if (secret_file(file)) /* the helper answers -EOPNOTSUPP: the kernel may not read this file yet */
		hash(file);
	return result;
}

/* --- tracepoints ------------------------------------------------------------------------------------------------------------------------ */

SEC("tp/sched/sched_process_exec")
int tracepoint_exec(void *context)
{
	hit(true);
	return 0;
}

SEC("tp/syscalls/sys_enter_mkdir")
int tracepoint_syscall(void *context)
{
	hit(true);
	return 0;
}

SEC("tp/raw_syscalls/sys_enter")
int tracepoint_raw_syscalls(void *context)
{
	hit(is_prober());
	return 0;
}

SEC("raw_tp/sched_process_fork")
int raw_tracepoint_fork(void *context)
{
	hit(is_prober());
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(btf_fork, struct task_struct *parent, struct task_struct *child)
{
	hit(is_prober() && child->pid > 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(btf_exec, struct task_struct *task, int old_pid, struct linux_binprm *binprm)
{
	hit(true);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(btf_sys_enter, struct pt_regs *regs, long number)
{
	hit(is_prober());
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(btf_cgroup_mkdir)
{
	hit(true);
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(btf_cgroup_attach)
{
	hit(true);
	return 0;
}

/* --- user space ------------------------------------------------------------------------------------------------------------------------- */

SEC("uprobe//proc/self/exe:function_to_probe")
int BPF_KPROBE(uprobe, int argument)
{
	hit(argument == 7);
	return 0;
}

SEC("uretprobe//proc/self/exe:function_to_probe")
int BPF_KRETPROBE(uretprobe, int result)
{
	hit(result == 8);
	return 0;
}

SEC("uprobe/libc.so.6:getppid")
int uprobe_library(struct pt_regs *regs)
{
	hit(is_prober());
	return 0;
}

SEC("uprobe//proc/self/exe:function_to_probe")
int uprobe_multi(struct pt_regs *regs)
{
	hit(bpf_get_attach_cookie(regs) == COOKIE && PT_REGS_PARM1(regs) == 7);
	return 0;
}

SEC("usdt//proc/self/exe:prober:mark")
int BPF_USDT(usdt, long argument)
{
	hit(argument == 11);
	return 0;
}

/* --- iterators -------------------------------------------------------------------------------------------------------------------------- */

SEC("iter/task")
int iterate_tasks(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;

	hit(task && task->pid == variables.prober);
	return 0;
}

SEC("iter/task_file")
int iterate_files(struct bpf_iter__task_file *context)
{
	hit(context->file);
	return 0;
}

/* --- what programs do ------------------------------------------------------------------------------------------------------------------- */

SEC("tp/sched/sched_process_exec")
int kill_exec_tracepoint(void *context)
{
	if (secret_task())
		hit(bpf_send_signal(SIGKILL) == 0);
	return 0;
}

SEC("kprobe/__x64_sys_mkdir")
int kill_mkdir_kprobe(struct pt_regs *regs)
{
	if (secret_task())
		hit(bpf_send_signal(SIGKILL) == 0);
	return 0;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(kill_exec_lsm, struct linux_binprm *binprm, int result)
{
	if (secret_file(binprm->file))
		hit(bpf_send_signal(SIGKILL) == 0);
	return result;
}

SEC("lsm/file_open")
int BPF_PROG(path_lsm, struct file *file, int result)
{
	char path[64];

	hit(bpf_d_path(&file->f_path, path, sizeof(path)) > 0 && path[0] == '/');
	return result;
}

SEC("fentry/security_file_open")
int BPF_PROG(path_fentry, struct file *file)
{
	char path[64];

	hit(bpf_d_path(&file->f_path, path, sizeof(path)) > 0 && path[0] == '/');
	return 0;
}

static long count(__u32 index, void *context)
{
	__sync_fetch_and_add(&variables.counted, 1);
	return 0;
}

/* Counts in a map: on the stack, Linux 6.1 takes what the callback writes for not written, and drops the code that asks for it. */
SEC("tp/syscalls/sys_enter_mkdir")
int loop(void *context)
{
	hit(bpf_loop(1000, count, NULL, 0) == 1000 && variables.counted >= 1000);
	return 0;
}

SEC("tp/syscalls/sys_enter_mkdir")
int fetching_atomic(void *context)
{
	__u64 before = __sync_fetch_and_add(&variables.counted, 3);

	hit(before % 3 == 0);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(current_task, struct pt_regs *regs, long number)
{
	hit(is_prober() && bpf_get_current_task_btf()->pid == variables.prober);
	return 0;
}

SEC("tp/syscalls/sys_enter_mkdir")
int ancestor_cgroup(void *context)
{
	hit(bpf_get_current_cgroup_id() && bpf_get_current_ancestor_cgroup_id(0));
	return 0;
}

__attribute__((noinline)) int thrice(int number)
{
	return number * 3;
}

SEC("kprobe/__x64_sys_mkdir")
int global_function(struct pt_regs *regs)
{
	hit(thrice(variables.prober) == 3 * variables.prober);
	return 0;
}

struct task_struct *bpf_task_from_pid(int pid) __ksym __weak;
void bpf_task_release(struct task_struct *task) __ksym __weak;

SEC("tp_btf/sys_enter")
int BPF_PROG(function_task_from_pid, struct pt_regs *regs, long number)
{
	struct task_struct *task;

	if (!is_prober())
		return 0;
	task = bpf_task_from_pid(variables.prober);
	if (!task)
		return 0;
	hit(task->pid == variables.prober);
	bpf_task_release(task);
	return 0;
}

int bpf_iter_num_new(struct bpf_iter_num *iterator, int start, int end) __ksym __weak;
int *bpf_iter_num_next(struct bpf_iter_num *iterator) __ksym __weak;
void bpf_iter_num_destroy(struct bpf_iter_num *iterator) __ksym __weak;

SEC("tp_btf/sys_enter")
int BPF_PROG(function_numbers, struct pt_regs *regs, long number)
{
	struct bpf_iter_num numbers;

	if (!is_prober())
		return 0;
	bpf_iter_num_new(&numbers, 0, 10);
	while (bpf_iter_num_next(&numbers))
		__sync_fetch_and_add(&variables.counted, 1); /* a count on the stack would keep the verifier from seeing an end */
	bpf_iter_num_destroy(&numbers);
	hit(variables.counted >= 10);
	return 0;
}

/* --- maps ------------------------------------------------------------------------------------------------------------------------------- */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} ring SEC(".maps");

SEC("tp/syscalls/sys_enter_mkdir")
int ring_buffer(void *context)
{
	__u64 *record = bpf_ringbuf_reserve(&ring, 64, 0);

	if (!record)
		return 0;
	bpf_ringbuf_discard(record, 0);
	hit(bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE) == 1 << 16);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 8 * 127);
} stacks SEC(".maps");

SEC("kprobe/__x64_sys_mkdir")
int stack_ids(struct pt_regs *regs)
{
	hit(bpf_get_stackid(regs, &stacks, 0) >= 0 && bpf_get_stackid(regs, &stacks, BPF_F_USER_STACK) >= 0);
	return 0;
}

SEC("kprobe/__x64_sys_mkdir")
int stack_bytes(struct pt_regs *regs)
{
	__u64 addresses[16];

	hit(bpf_get_stack(regs, addresses, sizeof(addresses), 0) > 0);
	return 0;
}

struct address {
	__u32 bits;
	__u32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address);
	__type(value, __u64);
} networks SEC(".maps"); /* prober.c puts 127.0.0.0/24 in */

SEC("tp/syscalls/sys_enter_mkdir")
int trie_of_addresses(void *context)
{
	struct address localhost = { 32, 0x0100007f };

	hit(bpf_map_lookup_elem(&networks, &localhost) != NULL);
	return 0;
}

struct text {
	__u32 bits;
	__u8 bytes[256];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct text);
	__type(value, __u8);
} prefixes SEC(".maps"); /* prober.c puts the empty prefix in */

struct text any_text = { .bits = 2048 };

SEC("tp/syscalls/sys_enter_mkdir")
int trie_of_texts(void *context)
{
	hit(bpf_map_lookup_elem(&prefixes, &any_text) != NULL);
	return 0;
}

struct numbers {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct numbers);
} array_of_sets SEC(".maps") = { .values = { &numbers } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct numbers);
} hash_of_sets SEC(".maps") = { .values = { &numbers } };

static __always_inline void look_into(void *outer)
{
	__u32 zero = 0;
	__u64 seven = 7;
	void *inner = bpf_map_lookup_elem(outer, &zero);
	__u64 *value;

	if (!inner)
		return;
	bpf_map_update_elem(inner, &zero, &seven, 0);
	value = bpf_map_lookup_elem(inner, &zero);
	hit(value && *value == 7);
}

SEC("tp/syscalls/sys_enter_mkdir")
int array_of_maps(void *context)
{
	look_into(&array_of_sets);
	return 0;
}

SEC("tp/syscalls/sys_enter_mkdir")
int hash_of_maps(void *context)
{
	look_into(&hash_of_sets);
	return 0;
}

struct {
	__uint(type, 32); /* BPF_MAP_TYPE_CGRP_STORAGE, since 6.2: Debian 12 has the headers of 6.1 */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} of_cgroup SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(cgroup_storage, struct pt_regs *regs, long number)
{
	struct task_struct *task = bpf_get_current_task_btf();

	hit(bpf_cgrp_storage_get(&of_cgroup, task->cgroups->dfl_cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE) != NULL);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} of_task SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(task_storage_btf, struct pt_regs *regs, long number)
{
	hit(bpf_task_storage_get(&of_task, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE) != NULL);
	return 0;
}

SEC("kprobe/__x64_sys_mkdir")
int task_storage_kprobe(struct pt_regs *regs)
{
	hit(bpf_task_storage_get(&of_task, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE) != NULL);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} of_inode SEC(".maps");

SEC("lsm/file_open")
int BPF_PROG(inode_storage, struct file *file, int result)
{
	hit(bpf_inode_storage_get(&of_inode, file->f_inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE) != NULL);
	return result;
}

struct alarm {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct alarm);
} alarms SEC(".maps");

static int ring_alarm(void *map, __u32 *key, struct alarm *alarm)
{
	hit(true);
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(timer, struct file *file, int result)
{
	__u32 zero = 0;
	struct alarm *alarm = bpf_map_lookup_elem(&alarms, &zero);

	if (!alarm)
		return result;
	bpf_timer_init(&alarm->timer, &alarms, 1 /* CLOCK_MONOTONIC */);
	bpf_timer_set_callback(&alarm->timer, ring_alarm);
	bpf_timer_start(&alarm->timer, 1000000, 0);
	return result;
}

/* An array of programs takes programs of one kind; prober.c puts the program itself in. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} programs SEC(".maps");

static __always_inline void call_self_once(void *context)
{
	if (variables.calls) {
		hit(true);
		return;
	}
	variables.calls = 1;
	bpf_tail_call(context, &programs, 0);
	variables.calls = 0; /* not called: no hit, whoever comes next */
}

SEC("kprobe/__x64_sys_mkdir")
int tail_call_kprobe(struct pt_regs *regs)
{
	call_self_once(regs);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(tail_call_btf, struct pt_regs *regs, long number)
{
	if (is_prober())
		call_self_once(ctx);
	return 0;
}

SEC("fentry/security_file_open")
int BPF_PROG(tail_call_fentry, struct file *file)
{
	if (is_prober())
		call_self_once(ctx);
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(tail_call_lsm, struct file *file, int result)
{
	if (is_prober())
		call_self_once(ctx);
	return 0;
}
