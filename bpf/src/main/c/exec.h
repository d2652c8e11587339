/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an exec tells: paths, arguments, environment, credentials. Arguments and environment of up to INLINE_BYTES are in the record; longer ones are sent
 * before it in chunks. User memory is read without waiting for a page that is not there: the text ends before it, and says so.
 */
#ifndef SKEP_EXEC_H
#define SKEP_EXEC_H

#include "counters.h"
#include "credentials.h"
#include "maps.h"
#include "path.h"
#include "task.h"

#define INLINE_BYTES DATA_MAX_BYTES
#define CHUNK_TURNS 1024 /* 2 MiB have 128 chunks; the rest is for ends of pages */
#define CHUNK_TURNS_FEW 132

static __always_inline struct record_buffer *this_buffer(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&record_buffers, &zero);
}

/* A text in the memory of the process, and how much of it is told. */
struct user_text {
	__u64 address;
	__u32 size; /* of it all, or as much as the limit allows */
	__u32 told;
	__u32 chunk; /* largest that is tried: one that cannot be read is tried again up to the end of its page */
	__u32 kind; /* enum data_text */
	__u64 time;
	__u64 began;
	struct task_struct *task;
	bool truncated;
	bool unreadable;
};

static __always_inline void measure(struct user_text *text, __u64 begin, __u64 end, __u32 limit)
{
	__u64 length = end - begin;

	text->address = begin;
	text->truncated = length > limit;
	text->size = text->truncated ? limit : length;
	text->told = 0;
	text->unreadable = false;
}

static long send_chunk(__u64 turn, struct user_text *text)
{
	struct record_buffer *buffer = this_buffer();
	__u32 left = text->size - text->told, size = left < text->chunk ? left : text->chunk;
	__u64 from = text->address + text->told;
	struct data_record *record;

	if (!buffer || !left)
		return 1;
	if (text->chunk <= PAGE_BYTES && size > page_end(from))
		size = page_end(from);
	if (!size || size > DATA_CHUNK_BYTES)
		return 1;
	if (bpf_probe_read_user(buffer->bytes + sizeof(*record), size, (void *)from)) {
		if (text->chunk <= PAGE_BYTES) {
			text->unreadable = true;
			return 1;
		}
		text->chunk = PAGE_BYTES;
		return 0;
	}
	record = &buffer->data;
	record->header.size = sizeof(*record) + size;
	record->header.cpu = bpf_get_smp_processor_id();
	record->offset = text->told;
	if (bpf_ringbuf_output(&events, buffer, sizeof(*record) + size, 0))
		drop(DROP_RING_DATA);
	text->told += size;
	return 0;
}

/* The chunks' headers differ in size and CPU alone. */
static __always_inline void send_chunks(struct user_text *text, enum data_text kind, struct task_struct *task, __u64 now)
{
	struct record_buffer *buffer = this_buffer();

	if (!buffer)
		return;
	fill_header(&buffer->data.header, RECORD_DATA, 0, now, task, true, now);
	buffer->data.text = kind;
	text->chunk = DATA_CHUNK_BYTES;
	REPEAT(CHUNK_TURNS, CHUNK_TURNS_FEW, send_chunk, text);
	if (text->told < text->size && !text->unreadable)
		text->truncated = true;
}

/* Appends what the record itself has room for; `at` leaves that much. */
static __always_inline __u32 append_user_text(struct record_buffer *buffer, __u32 at, struct user_text *text)
{
	__u32 size = text->size, this_page = page_end(text->address);

	if (at > sizeof(struct exec_record) + 3 * DATA_MAX_BYTES || size > INLINE_BYTES)
		return at;
	if (bpf_probe_read_user(buffer->bytes + at, size, (void *)text->address)) {
		text->unreadable = true;
		if (this_page >= size || bpf_probe_read_user(buffer->bytes + at, this_page, (void *)text->address))
			return at;
		size = this_page;
	}
	text->told = size;
	return at + size;
}

static __always_inline __u32 append_path(struct record_buffer *buffer, __u32 at, struct text *path)
{
	__u32 start = path->start, size = path->size;

	if (at > sizeof(struct exec_record) + DATA_MAX_BYTES || start > DATA_MAX_BYTES || size > DATA_MAX_BYTES)
		return at;
	bpf_probe_read_kernel(buffer->bytes + at, size, path->bytes + start);
	return at + size;
}

static __always_inline __u32 path_flags(struct text *path, __u32 truncated, __u32 unreadable)
{
	return (path->flags & ARGUMENT_TRUNCATED ? truncated : 0) | (path->flags & ARGUMENT_UNREADABLE ? unreadable : 0);
}

static __always_inline __u32 user_text_flags(struct user_text *text, __u32 truncated, __u32 unreadable, __u32 in_data)
{
	return (text->truncated ? truncated : 0) | (text->unreadable ? unreadable : 0) | (text->size > INLINE_BYTES ? in_data : 0);
}

static __always_inline __u32 login_uid_of(struct task_struct *task)
{
	return bpf_core_field_exists(task->loginuid) ? task->loginuid.val : NO_ID;
}

static __always_inline void read_executable(struct file *file, struct executable *executable)
{
	struct inode *inode = file->f_inode;
	__u32 device = inode->i_sb->s_dev, major = device >> 20, minor = device & 0xfffff;

	executable->device = (minor & 0xff) | major << 8 | (minor & ~0xff) << 12;
	executable->inode = inode->i_ino;
	executable->links = inode->i_nlink;
	executable->padding = 0;
}

/* `process` is as after the exec; `began` is 0 if it is not in the map. */
static __always_inline void send_exec(struct process_value *process, struct task_struct *task, struct linux_binprm *binprm, struct text *path,
				      __u64 now, __u64 began)
{
	__u32 cwd_slot = TEXT_CWD, at = sizeof(struct exec_record), flags;
	struct text *cwd = bpf_map_lookup_elem(&texts, &cwd_slot);
	struct record_buffer *buffer = this_buffer();
	struct user_text arguments = {}, environment = {};
	struct mm_struct *mm = task->mm;
	struct exec_record *record;

	if (!buffer || !cwd)
		return;
	measure(&arguments, mm->arg_start, mm->arg_end, limits.argument_bytes);
	if (limits.argument_bytes > INLINE_BYTES && arguments.size > INLINE_BYTES)
		send_chunks(&arguments, DATA_ARGUMENTS, task, now);
	if (limits.environment_bytes) {
		measure(&environment, mm->env_start, mm->env_end, limits.environment_bytes);
		if (limits.environment_bytes > INLINE_BYTES && environment.size > INLINE_BYTES)
			send_chunks(&environment, DATA_ENVIRONMENT, task, now);
	}

	read_path(&task->fs->pwd, cwd);
	at = append_path(buffer, at, path);
	at = append_path(buffer, at, cwd);
	if (arguments.size <= INLINE_BYTES)
		at = append_user_text(buffer, at, &arguments);
	if (limits.environment_bytes && environment.size <= INLINE_BYTES)
		at = append_user_text(buffer, at, &environment);
	flags = path_flags(path, EXEC_TRUNCATED_PATH, EXEC_UNREADABLE_PATH) | path_flags(cwd, EXEC_TRUNCATED_CWD, EXEC_UNREADABLE_CWD) |
		user_text_flags(&arguments, EXEC_TRUNCATED_ARGUMENTS, EXEC_UNREADABLE_ARGUMENTS, EXEC_ARGUMENTS_IN_DATA) |
		user_text_flags(&environment, EXEC_TRUNCATED_ENVIRONMENT, EXEC_UNREADABLE_ENVIRONMENT, EXEC_ENVIRONMENT_IN_DATA);
	if (cwd->size == 1)
		flags |= EXEC_ROOT_CWD;
	if (process->flags & PROCESS_IN_INIT_TREE)
		flags |= EXEC_IN_INIT_TREE;

	record = &buffer->exec;
	flags |= take_change(binprm, process->key.pid, &record->executable);
	fill_header(&record->header, RECORD_EXEC, at, now, task, true, began);
	record->parent = process->parent;
	record->parent_began = process->parent_began;
	record->namespace_pid = process->namespace_pid;
	record->login_uid = login_uid_of(task);
	record->flags = flags;
	record->path_size = path->size;
	record->cwd_size = cwd->size;
	record->arguments_size = arguments.told;
	record->environment_size = environment.told;
	read_credentials(task->cred, process, &record->credentials);
	record->namespaces = process->namespaces;
	read_executable(mm->exe_file, &record->executable);
	if (bpf_ringbuf_output(&events, buffer, bounded(at), 0))
		drop(DROP_RING_EXEC);
}

#endif
