/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The few kernel types that the probes read, by name: libbpf moves each access to where the running kernel has the field. */
#ifndef KERNEL_H
#define KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>

#define __VMLINUX_H__ /* libbpf's macros then take the kernel's names of registers, not those of ptrace.h */

typedef _Bool bool;
enum { false, true };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

struct cgroup;
struct css_set {
	struct cgroup *dfl_cgrp;
};
struct task_struct {
	int pid;
	struct css_set *cgroups;
};

struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct qstr d_name;
};
struct path {
	struct dentry *dentry;
};
struct inode;
struct file {
	struct path f_path;
	struct inode *f_inode;
};
struct linux_binprm {
	struct file *file;
};

struct bpf_iter__task {
	struct task_struct *task;
};
struct bpf_iter__task_file {
	struct file *file;
};

#pragma clang attribute pop

/* Since 6.4; as large as the kernel says, in the program's own stack. */
struct bpf_iter_num {
	__u64 opaque[1];
} __attribute__((aligned(8)));

#endif
