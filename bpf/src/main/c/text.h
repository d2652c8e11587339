/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The texts of a call's arguments: read when first asked for, once for all hooks of the call, and looked up in sets.
 *
 * User memory is read without waiting for its page: one that is not there makes the text ARGUMENT_UNREADABLE. A text that cannot be
 * known to match does not match, so that a filter fails for it and a negated one holds: an allow-list in a policy that kills
 * ("NotEqual: ...") then errs on the side of the kill. The same holds for the part of an over-long text that was not read. And the
 * caller can change its memory between this look and the kernel's own: what guards should name files by their descriptors, whose paths
 * are the kernel's.
 */
#ifndef SKEP_TEXT_H
#define SKEP_TEXT_H

#include <bpf/bpf_core_read.h>
#include "maps.h"
#include "path.h"
#include "view.h"

/* Whatever a longer text left behind this one is not to be part of a key. */
static __always_inline void end_text(struct text *text, __u32 size, __u8 flags)
{
	__u32 any = 0; /* all have the same zeros */
	struct key_buffer *key = bpf_map_lookup_elem(&key_buffers, &any);

	text->start = 0;
	text->size = size;
	text->flags = flags;
	if (key && size <= DATA_MAX_BYTES)
		bpf_probe_read_kernel(text->bytes + size, TEXT_ZEROS, key->zeros);
}

/* The caller of a function may be another part of the kernel. A system call's pointers are the user's, whatever they look like. */
static __always_inline bool is_of_kernel(__u64 address)
{
	return IN_KERNEL && (__s64)address < 0;
}

static __always_inline long read_bytes(void *to, __u32 size, __u64 address)
{
	return is_of_kernel(address) ? bpf_probe_read_kernel(to, size, (void *)address) : bpf_probe_read_user(to, size, (void *)address);
}

/* How many bytes that were, NUL included; 6.1 says 0 of an empty one of the user. */
static __always_inline long read_c_string(void *to, __u32 size, __u64 address)
{
	return is_of_kernel(address) ? bpf_probe_read_kernel_str(to, size, (void *)address) : bpf_probe_read_user_str(to, size, (void *)address);
}

static __noinline int read_string(struct text *text, __u64 address)
{
	long read;

	if (!text)
		return 0;
	read = read_c_string(text->bytes, DATA_MAX_BYTES + 1, address);
	if (read < 0)
		end_text(text, 0, ARGUMENT_UNREADABLE);
	else if (read > DATA_MAX_BYTES)
		end_text(text, DATA_MAX_BYTES, ARGUMENT_TRUNCATED);
	else
		end_text(text, read ? read - 1 : 0, 0);
	return 0;
}

static __noinline int read_buffer(struct text *text, __u64 address, __u64 length)
{
	__u32 size = length > DATA_MAX_BYTES ? DATA_MAX_BYTES : length, this_page = page_end(address);

	if (!text)
		return 0;
	if (!read_bytes(text->bytes, size, address))
		end_text(text, size, length > DATA_MAX_BYTES ? ARGUMENT_TRUNCATED : 0);
	else if (this_page < size && !read_bytes(text->bytes, this_page, address))
		end_text(text, this_page, ARGUMENT_TRUNCATED);
	else
		end_text(text, 0, ARGUMENT_UNREADABLE);
	return 0;
}

/* What lies in a tracepoint's record, in `length` bytes, up to the first NUL. */
static __noinline int read_text_within(struct text *text, __u64 address, __u64 length)
{
	__u32 size = length > DATA_MAX_BYTES ? DATA_MAX_BYTES : length;
	long read;

	if (!text)
		return 0;
	read = bpf_probe_read_kernel_str(text->bytes, size + 1, (void *)address);
	if (read < 0)
		end_text(text, 0, ARGUMENT_UNREADABLE);
	else
		end_text(text, read ? read - 1 : 0, read > DATA_MAX_BYTES && length > DATA_MAX_BYTES ? ARGUMENT_TRUNCATED : 0);
	return 0;
}

static __always_inline int read_file(struct text *text, struct file *file)
{
	if (file)
		return read_path(&file->f_path, text);
	end_unread(text);
	return 0;
}

static __noinline int read_descriptor(struct text *text, int descriptor)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = task->files->fdt;
	struct file *file = NULL;

	if (!text)
		return 0;
	if ((__u32)descriptor < table->max_fds)
		bpf_probe_read_kernel(&file, sizeof(file), table->fd + descriptor);
	return read_file(text, file);
}

/* The path below the root of its file system: a dentry alone does not say where that is mounted. */
static __noinline int read_dentry(struct dentry *dentry, struct text *text)
{
	if (!text)
		return 0;
	end_unread(text);
	if (!dentry)
		return 0;
	text->mode = mode_of(dentry);
	text->walk.dentry = dentry;
	text->walk.mount = NULL;
	text->walk.mount_root = NULL;
	return walk_up(text);
}

#define UNIX_PATH_BYTES 108

/* For the verifier, which does not know what the compiler knows of a size. */
static __always_inline __u64 name_bytes(__u64 size)
{
	__asm__ volatile("%0 &= %1" : "+r"(size) : "i"(127));
	return size;
}

/* The name of a unix socket: a path, or @ and what follows the NUL that makes a name abstract. `length` is the address's; 0: nobody knows, so a NUL ends it. */
static __noinline int read_unix_name(struct text *text, __u64 address, __u64 length)
{
	struct {
		__u16 family;
		char first;
	} begin = {};
	__u64 size = UNIX_PATH_BYTES;
	long read;

	if (!text)
		return 0;
	end_unread(text);
	if (read_bytes(&begin.family, sizeof(begin.family), address) || begin.family != 1 /* AF_UNIX */)
		return 0;
	address += sizeof(begin.family);
	if (length && length < sizeof(begin.family) + UNIX_PATH_BYTES)
		size = length > sizeof(begin.family) ? length - sizeof(begin.family) : 0;
	if (!size) {
		end_text(text, 0, 0);
		return 0;
	}
	if (read_bytes(&begin.first, 1, address))
		return 0;
	if (begin.first)
		read = read_c_string(text->bytes, name_bytes(size + 1), address);
	else if (length)
		read = read_bytes(text->bytes, name_bytes(size), address) ? -1 : (long)size + 1;
	else
		read = read_c_string(text->bytes + 1, name_bytes(size), address + 1) + 1;
	if (read <= 0)
		return 0;
	if (!begin.first)
		text->bytes[0] = '@';
	end_text(text, name_bytes(read - 1), 0);
	return 0;
}

/* What a function of the kernel was given a pointer to. */
static __always_inline void read_object(struct text *text, __u8 kind, __u64 address)
{
	if (kind == ARGUMENT_FILE)
		read_file(text, (void *)address);
	else if (kind == ARGUMENT_BINPRM)
		read_file(text, BPF_CORE_READ((struct linux_binprm *)address, file));
	else if (kind == ARGUMENT_PATH)
		read_path((void *)address, text);
	else if (kind == ARGUMENT_DENTRY)
		read_dentry((void *)address, text);
	else if (kind == ARGUMENT_NET_DEVICE)
		read_string(text, address ? address + view.offsets[NET_DEVICE_NAME] : 0);
	else
		read_string(text, (__u64)BPF_CORE_READ((struct filename *)address, name));
}

static __always_inline bool is_object(__u8 kind)
{
	return (kind >= ARGUMENT_FILE && kind <= ARGUMENT_FILENAME) || kind == ARGUMENT_NET_DEVICE;
}

static __always_inline bool has_unix_name(__u8 kind)
{
	return kind == ARGUMENT_SOCKADDR || kind == ARGUMENT_SOCKADDR_UN;
}

static __always_inline bool is_text(__u8 kind)
{
	return kind == ARGUMENT_FD || kind == ARGUMENT_STRING || kind == ARGUMENT_CHAR_BUF || kind == ARGUMENT_DATA_LOC || kind == ARGUMENT_CONST_BUF ||
	       is_object(kind) || has_unix_name(kind);
}

/* Where the text lies says nothing about it, and differs from one call to the next. */
static __always_inline bool is_pointer(__u8 kind)
{
	return kind == ARGUMENT_STRING || kind == ARGUMENT_DATA_LOC || is_object(kind) || kind >= ARGUMENT_SOCK;
}

/* Of a path that is too long its end is there, of all other texts the beginning. */
static __always_inline bool is_path(__u8 kind)
{
	return kind == ARGUMENT_FD || (kind >= ARGUMENT_FILE && kind < ARGUMENT_FILENAME);
}

static __always_inline __u64 argument_value(struct chain *chain, __u8 index)
{
	return index < ARGUMENTS_MAX ? chain->arguments[index] : 0;
}

static __always_inline bool is_buffer(__u8 kind)
{
	return kind == ARGUMENT_CHAR_BUF || kind == ARGUMENT_CONST_BUF;
}

static __always_inline __u64 buffer_length(struct chain *chain, const volatile struct argument_plan *argument)
{
	return argument->length ? chain->lengths[argument->index & (ARGUMENTS_MAX - 1)] : argument_value(chain, argument->size_index);
}

/* The text of an argument, read now unless this call has it already. NULL if there is no room for any. */
static __always_inline struct text *text_of(struct chain *chain, const volatile struct argument_plan *argument)
{
	struct text *text = text_at(chain, argument->index);
	__u64 value;

	if (!text)
		return NULL;
	if (chain->texts_read & 1U << argument->index && text->kind == argument->kind && text->size_index == argument->size_index)
		return text;
	value = argument_value(chain, argument->index);
	if (argument->kind == ARGUMENT_FD)
		read_descriptor(text, value);
	else if (argument->kind == ARGUMENT_STRING)
		read_string(text, value);
	else if (IN_KERNEL && argument->kind == ARGUMENT_DATA_LOC)
		read_text_within(text, value, chain->lengths[argument->index & (ARGUMENTS_MAX - 1)]);
	else if (IN_KERNEL && is_object(argument->kind))
		read_object(text, argument->kind, value);
	else if (has_unix_name(argument->kind))
		read_unix_name(text, value, argument->size_index ? argument_value(chain, argument->size_index) : 0);
	else
		read_buffer(text, value, buffer_length(chain, argument));
	text->kind = argument->kind;
	text->size_index = argument->size_index;
	chain->texts_read |= 1U << argument->index;
	return text;
}

/* ---- sets ---- */

static __always_inline bool is_in(void *sets, __u32 set, const void *key)
{
	void *values = bpf_map_lookup_elem(sets, &set);

	return values && bpf_map_lookup_elem(values, key);
}

static __noinline bool is_in_ranges(__u64 value, __u32 set)
{
	struct range_key key = {.bits = 64};
	__u64 number = __builtin_bswap64(value);

	__builtin_memcpy(key.number, &number, sizeof(number));
	return is_in(&range_sets, set, &key);
}

static __noinline bool is_one_of(struct chain *chain, struct text *text, __u32 set)
{
	struct key_buffer *key = key_of(chain);
	__u32 start, size;

	if (!key || !text || text->flags)
		return false;
	start = text->start;
	size = text->size;
	if (start > DATA_MAX_BYTES || size > DATA_MAX_BYTES)
		return false;
	if (size <= TEXT_SMALL) {
		key->small.size = size;
		bpf_probe_read_kernel(key->small.text, TEXT_SMALL, text->bytes + start);
		return is_in(&text_sets_small, set, &key->small);
	}
	if (size <= TEXT_MEDIUM) {
		key->medium.size = size;
		bpf_probe_read_kernel(key->medium.text, TEXT_MEDIUM, text->bytes + start);
		return is_in(&text_sets_medium, set, &key->medium);
	}
	key->large.size = size;
	bpf_probe_read_kernel(key->large.text, TEXT_LARGE, key->zeros);
	bpf_probe_read_kernel(key->large.text, size, text->bytes + start);
	return is_in(&text_sets_large, set, &key->large);
}

static __noinline bool has_prefix(struct chain *chain, struct text *text, __u32 set)
{
	struct key_buffer *key = key_of(chain);
	__u32 start;

	if (!key || !text || text->flags & ARGUMENT_UNREADABLE)
		return false;
	if (text->flags & ARGUMENT_TRUNCATED && is_path(text->kind))
		return false; /* of a path, the end is there */
	start = text->start;
	if (start > DATA_MAX_BYTES)
		return false;
	key->prefix.bits = 8 * (text->size > PREFIX_BYTES ? PREFIX_BYTES : text->size);
	bpf_probe_read_kernel(key->prefix.text, PREFIX_BYTES, text->bytes + start);
	return is_in(&prefix_sets, set, &key->prefix);
}

static __noinline bool has_postfix(struct chain *chain, struct text *text, __u32 set)
{
	struct key_buffer *key = key_of(chain);
	__u32 end, size;

	if (!key || !text || text->flags & ARGUMENT_UNREADABLE)
		return false;
	if (text->flags & ARGUMENT_TRUNCATED && !is_path(text->kind))
		return false; /* of strings and buffers, the beginning is there */
	size = text->size;
	end = text->start + size;
	if (size > POSTFIX_BYTES)
		size = POSTFIX_BYTES;
	key->postfix.bits = 8 * size;
	for (__u32 i = 0; i < POSTFIX_BYTES; i++) {
		__u32 from = end - 1 - i;

		if (i >= size || from >= DATA_MAX_BYTES)
			break;
		key->postfix.text[i] = text->bytes[from];
	}
	return is_in(&postfix_sets, set, &key->postfix);
}

#endif
