/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The full path of an open file: from its name up through its folders and over mounts, to the top of the mount namespace. A changed root
 * (chroot) is not where it ends: whoever may chroot could give any file any path else. A deleted file keeps the path it had. Names are read
 * without locks: a rename at the very moment can give a mixture of old and new, as a look just before or after would have given one of them.
 */
#ifndef SKEP_PATH_H
#define SKEP_PATH_H

#include <bpf/bpf_core_read.h>
#include "maps.h"
#include "oldest.h"

#define NAME_MAX_BYTES 255 /* of one name in a path; the kernel's NAME_MAX */
#define PATH_TURNS 3072 /* 4096 bytes hold at most 2048 names; the rest is for mounts */
#define PATH_TURNS_FEW 96

#define PIPEFS_MAGIC 0x50495045
#define SOCKFS_MAGIC 0x534F434B

struct walk {
	struct dentry *dentry;
	struct mount *mount;
	struct dentry *mount_root;
	char *bytes;
	__u32 start;
	bool done; /* reached the top */
	bool truncated;
	bool unreadable;
};

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* Puts `size` bytes before the text. */
static __always_inline bool prepend(struct walk *walk, const void *name, __u32 size)
{
	__u32 start = walk->start;

	if (start > DATA_MAX_BYTES || size > start) {
		walk->truncated = true;
		return false;
	}
	size &= NAME_MAX_BYTES;
	start = (start - size) & (2 * DATA_MAX_BYTES - 1);
	if (start > DATA_MAX_BYTES)
		return false;
	if (bpf_probe_read_kernel(walk->bytes + start, size, name)) {
		walk->unreadable = true;
		return false;
	}
	walk->start = start;
	return true;
}

static __always_inline bool prepend_byte(struct walk *walk, char byte)
{
	__u32 start = walk->start - 1;

	if (start >= DATA_MAX_BYTES) {
		walk->truncated = true;
		return false;
	}
	walk->bytes[start] = byte;
	walk->start = start;
	return true;
}

/* A literal, byte by byte and unrolled: as a string it would be a further map of each object. */
#define PREPEND_LITERAL(walk, literal)                                                                                                     \
	_Pragma("clang loop unroll(full)") for (int i = sizeof(literal) - 2; i >= 0; i--) prepend_byte(walk, (literal)[i])

/* What a dentry says for one step up. Side by side in every kernel up to 6.18, and then read at once: each read costs 15 ns. */
struct step {
	struct dentry *parent;
	__u32 hash;
	__u32 size;
	const unsigned char *name;
};

static __always_inline void read_step(struct step *step, struct dentry *dentry)
{
	const __u32 at = bpf_core_field_offset(dentry->d_parent);

	if (bpf_core_field_offset(dentry->d_name.len) == at + 12 && bpf_core_field_offset(dentry->d_name.name) == at + 16) {
		bpf_probe_read_kernel(step, sizeof(*step), (void *)dentry + at);
	} else {
		step->parent = BPF_CORE_READ(dentry, d_parent);
		step->size = BPF_CORE_READ(dentry, d_name.len);
		step->name = BPF_CORE_READ(dentry, d_name.name);
	}
}

/* One turn of bpf_loop; 1 ends it. */
static long one_name_up(__u64 turn, struct walk *walk)
{
	struct dentry *dentry = walk->dentry;
	struct step step;

	if (dentry == walk->mount_root) {
		struct mount *mount = walk->mount, *above = BPF_CORE_READ(mount, mnt_parent);

		if (above == mount) {
			walk->done = true;
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = above;
		walk->mount_root = BPF_CORE_READ(above, mnt.mnt_root);
		return 0;
	}
	read_step(&step, dentry);
	if (step.parent == dentry || !step.parent) { /* the top of a file system, and no mount there */
		walk->done = step.parent;
		walk->unreadable = !step.parent;
		return 1;
	}
	if (!prepend(walk, step.name, step.size) || !prepend_byte(walk, '/'))
		return 1;
	walk->dentry = step.parent;
	return 0;
}

/* Files in no folder are called as in /proc/PID/fd: pipe:[7], socket:[8], anon_inode:[eventfd], /memfd:name. */
static __noinline void name_unfoldered(struct walk *walk)
{
	struct dentry *dentry = walk->dentry;
	unsigned long magic = BPF_CORE_READ(dentry, d_sb, s_magic);
	struct step step;
	char first = 0;

	if (magic == PIPEFS_MAGIC || magic == SOCKFS_MAGIC) {
		unsigned long number = BPF_CORE_READ(dentry, d_inode, i_ino);

		prepend_byte(walk, ']');
		for (int digit = 0; digit < 20; digit++) {
			prepend_byte(walk, '0' + number % 10);
			number /= 10;
			if (!number)
				break;
		}
		if (magic == PIPEFS_MAGIC)
			PREPEND_LITERAL(walk, "pipe:[");
		else
			PREPEND_LITERAL(walk, "socket:[");
		return;
	}
	read_step(&step, dentry);
	prepend(walk, step.name, step.size);
	bpf_probe_read_kernel(&first, 1, step.name);
	if (first == '[')
		PREPEND_LITERAL(walk, "anon_inode:");
	else
		prepend_byte(walk, '/');
}

/*
 * Leaves the path in `text`, at most 4096 bytes and no NUL. Of a longer one the end is there and ARGUMENT_TRUNCATED; if the kernel's memory gave no
 * answer ARGUMENT_UNREADABLE and nothing.
 */
static __noinline int read_path(struct path *path, struct text *text)
{
	struct path at = {};
	struct walk walk = {};

	if (!text)
		return 0;
	text->start = DATA_MAX_BYTES;
	text->size = 0;
	text->flags = ARGUMENT_UNREADABLE;
	bpf_probe_read_kernel(&at, sizeof(at), path);
	if (!at.mnt)
		return 0;
	walk.dentry = at.dentry;
	walk.mount = mount_of(at.mnt);
	walk.mount_root = BPF_CORE_READ(at.mnt, mnt_root);
	walk.bytes = text->bytes;
	walk.start = DATA_MAX_BYTES;
	REPEAT(PATH_TURNS, PATH_TURNS_FEW, one_name_up, &walk);
	if (walk.done && walk.start == DATA_MAX_BYTES) {
		if (walk.dentry == walk.mount_root)
			prepend_byte(&walk, '/');
		else
			name_unfoldered(&walk);
	}
	if (walk.unreadable || walk.start > DATA_MAX_BYTES)
		return 0;
	text->start = walk.start;
	text->size = DATA_MAX_BYTES - walk.start;
	text->flags = walk.done ? 0 : ARGUMENT_TRUNCATED;
	return 0;
}

#endif
