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

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* Puts `size` bytes before the text. */
static __always_inline bool prepend(struct text *text, const void *name, __u32 size)
{
	__u32 start = text->start;

	if (start > DATA_MAX_BYTES || size > start) {
		text->walk.truncated = true;
		return false;
	}
	size &= NAME_MAX_BYTES;
	start = (start - size) & (2 * DATA_MAX_BYTES - 1);
	if (start > DATA_MAX_BYTES)
		return false;
	if (bpf_probe_read_kernel(text->bytes + start, size, name)) {
		text->walk.unreadable = true;
		return false;
	}
	text->start = start;
	return true;
}

static __always_inline bool prepend_byte(struct text *text, char byte)
{
	__u32 start = text->start - 1;

	if (start >= DATA_MAX_BYTES) {
		text->walk.truncated = true;
		return false;
	}
	text->bytes[start] = byte;
	text->start = start;
	return true;
}

/* A literal, byte by byte and unrolled: as a string it would be a further map of each object. */
#define PREPEND_LITERAL(text, literal)                                                                                                     \
	_Pragma("clang loop unroll(full)") for (int i = sizeof(literal) - 2; i >= 0; i--) prepend_byte(text, (literal)[i])

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

/* One turn; 1 ends it. A pointer to a pointer, for bpf_loop hands over what is on the stack alone. */
static long one_name_up(__u64 turn, struct text **at)
{
	struct text *text = *at;
	struct walk *walk = &text->walk;
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
	if (!prepend(text, step.name, step.size) || !prepend_byte(text, '/'))
		return 1;
	walk->dentry = step.parent;
	return 0;
}

/* Files in no folder are called as in /proc/PID/fd: pipe:[7], socket:[8], anon_inode:[eventfd], /memfd:name. */
static __noinline void name_unfoldered(struct text *text)
{
	struct dentry *dentry = text->walk.dentry;
	unsigned long magic = BPF_CORE_READ(dentry, d_sb, s_magic);
	struct step step;
	char first = 0;

	if (magic == PIPEFS_MAGIC || magic == SOCKFS_MAGIC) {
		unsigned long number = BPF_CORE_READ(dentry, d_inode, i_ino);

		prepend_byte(text, ']');
		for (int digit = 0; digit < 20; digit++) {
			prepend_byte(text, '0' + number % 10);
			number /= 10;
			if (!number)
				break;
		}
		if (magic == PIPEFS_MAGIC)
			PREPEND_LITERAL(text, "pipe:[");
		else
			PREPEND_LITERAL(text, "socket:[");
		return;
	}
	read_step(&step, dentry);
	prepend(text, step.name, step.size);
	bpf_probe_read_kernel(&first, 1, step.name);
	if (first == '[')
		PREPEND_LITERAL(text, "anon_inode:");
	else
		prepend_byte(text, '/');
}

/* What kind of file it is, and who may use it how. */
static __always_inline __u16 mode_of(struct dentry *dentry)
{
	return BPF_CORE_READ(dentry, d_inode, i_mode);
}

static __always_inline void end_unread(struct text *text)
{
	text->mode = 0;
	text->start = 0;
	text->size = 0;
	text->flags = ARGUMENT_UNREADABLE;
}

static __always_inline int walk_up(struct text *text)
{
	struct walk *walk = &text->walk;

	text->start = DATA_MAX_BYTES;
	walk->done = false;
	walk->truncated = false;
	walk->unreadable = false;
	REPEAT(PATH_TURNS, PATH_TURNS_FEW, one_name_up, &text);
	if (walk->done && text->start == DATA_MAX_BYTES) {
		if (!walk->mount || walk->dentry == walk->mount_root)
			prepend_byte(text, '/');
		else
			name_unfoldered(text);
	}
	if (walk->unreadable || text->start > DATA_MAX_BYTES) {
		text->start = 0;
		return 0;
	}
	text->size = DATA_MAX_BYTES - text->start;
	text->flags = walk->done ? 0 : ARGUMENT_TRUNCATED;
	return 0;
}

/*
 * Leaves the path in `text`, at most 4096 bytes and no NUL. Of a longer one the end is there and ARGUMENT_TRUNCATED; if the kernel's memory gave no
 * answer ARGUMENT_UNREADABLE and nothing.
 */
static __noinline int read_path(struct path *path, struct text *text)
{
	struct path at = {};

	if (!text)
		return 0;
	end_unread(text);
	bpf_probe_read_kernel(&at, sizeof(at), path);
	if (!at.mnt)
		return 0;
	text->mode = mode_of(at.dentry);
	text->walk.dentry = at.dentry;
	text->walk.mount = mount_of(at.mnt);
	text->walk.mount_root = BPF_CORE_READ(at.mnt, mnt_root);
	return walk_up(text);
}

#endif
