/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs keep between two lines or two tail calls: values of per-CPU maps, one per CPU and node, not per policy. Safe
 * because programs on tracepoints run with preemption off up to 6.19 (its tracepoints turn it off, those of system calls right before
 * the program) and none interrupts another. From 7.0 on they leave it on: a program that is stopped is skipped on that CPU for who
 * comes meanwhile (recursion_misses), and another one would write over its scratch. So there the programs are on kprobes and perf's
 * tracepoints, which turn it off (Preemption.java). Programs on cgroup_mkdir and cgroup_rmdir are called below a lock that does. The
 * task iterator can be preempted, so it has slots of its own. So can programs on trampolines, LSM hooks among them, and on raw tracepoints, and they can be
 * interrupted by each other: these claim a space for each run.
 */
#ifndef SKEP_SCRATCH_H
#define SKEP_SCRATCH_H

#include "kernel_types.h"
#include "shared.h"

/*
 * A hook on a function of the kernel can come while a program on a system call is in the middle of its work: in an interrupt, or in a function that the
 * program itself makes the kernel call. So these have scratch space of their own. Among themselves they do not nest: a kprobe, or a tracepoint by perf,
 * that meets another one's program on its CPU is passed over, and counted (recursion_misses).
 */
enum scratch_space {
	SCRATCH_OF_SYSCALLS = 0, /* and of the base sensor */
	SCRATCH_OF_FUNCTIONS = 1, /* and of tracepoints */
	SCRATCH_SPACES = 2,
};

/*
 * What an object's programs are for says which of these they have. Programs that can be stopped or interrupted anywhere have neither: each run of a chain
 * claims one of the spaces of maps claimed_... (claim.h), which are there once a hook needs them. A space takes 90 KB, so there are not some for each CPU
 * but one, and SPACES_SHARED for whoever finds that taken.
 */
#if defined(SKEP_LSM) || defined(SKEP_RAW)
#define SKEP_CLAIMED
#elif defined(SKEP_FUNCTIONS)
#define SCRATCH SCRATCH_OF_FUNCTIONS
#else
#define SCRATCH SCRATCH_OF_SYSCALLS
#endif

#if defined(SKEP_CLAIMED) || defined(SKEP_FUNCTIONS)
#define IN_KERNEL true /* the caller is the kernel, so pointers can be its own */
#else
#define IN_KERNEL false
#endif

#define PAGE_BYTES 4096 /* or a divisor of the machine's */

/* What is left of the page that holds an address. */
static __always_inline __u32 page_end(__u64 address)
{
	return PAGE_BYTES - (address & (PAGE_BYTES - 1));
}

/*
 * A text (path, string, buffer) lies in bytes[start .. start + size), of the first 4096; then come at least TEXT_ZEROS zeros. As long
 * as it is because the verifier of 6.1 knows that start and size are at most 4096 each, but not that their sum is.
 */
#define TEXT_ZEROS TEXT_MEDIUM
/* Where path.h is on its way up. In memory that the verifier does not follow: on the stack it would take each turn for another case. */
struct walk {
	struct dentry *dentry;
	struct mount *mount;
	struct dentry *mount_root;
	bool done; /* reached the top */
	bool truncated;
	bool unreadable;
	__u8 padding[5];
};

struct text {
	__u32 start;
	__u32 size;
	__u8 kind; /* enum argument_kind; which way it was read */
	__u8 size_index; /* of a char_buf */
	__u8 flags; /* ARGUMENT_* */
	__u8 padding;
	__u16 mode; /* of a path's inode */
	__u8 more_padding[2];
	struct walk walk;
	char bytes[2 * DATA_MAX_BYTES + 8];
};

enum text_slot {
	TEXT_OF_ARGUMENT = 0, /* 0 to 7: by the index of the system call's argument */
	TEXT_EXECUTABLE = 8,
	TEXT_CWD = 9,
	TEXT_OF_ITERATOR = 10,
	TEXT_OF_FUNCTION = 11, /* 11 to 18: by the index of the function's argument */
	TEXTS = 19, /* claimed spaces have those of their arguments alone */
};

#define NETWORK_RAW_BYTES 256

struct network_slot { /* of one argument */
	struct network network;
	__u8 kind; /* enum argument_kind; which way it was read */
	__u8 padding[7];
	__u8 raw[NETWORK_RAW_BYTES]; /* the beginning of the kernel's own struct, for the time of the reading */
};

/* What the hooks on one call hand on to each other. */
struct chain {
	__u64 words[HOOK_WORDS]; /* hooks still to run */
	__u64 arguments[ARGUMENTS_MAX];
	__u64 lengths[ARGUMENTS_MAX]; /* of a tracepoint's texts and buffers */
	__u64 time; /* of the call, 0 until time_of is asked */
	__u64 pending; /* bit w: words[w] is not 0 */
	__u32 point; /* where they sit */
	__u32 texts_read; /* bit i: texts[i] belongs to this call */
	__u32 networks_read; /* the same of networks */
	__u32 space; /* of a claimed one: its number ... */
	__u32 padding;
	__u64 owner; /* ... and whose it is; 0: nobody's */
	__s32 verdict; /* of LSM hooks: the error that the call shall get; 0: none so far */
	__u32 candidates; /* bit s: selector s of this hook holds as far as that is known before the call returns */
	__s64 returned;
};

struct return_key {
	__u32 tid;
	__u32 slot;
};

struct verdict_key { /* a call that is not to be carried out */
	__u32 tid; /* in the initial pid namespace */
	__u32 point;
};

enum awaiting {
	AWAITING_VALUE = 0, /* all else was decided */
	AWAITING_DECISION = 1, /* whether to tell of it; a record is sent ... */
	AWAITING_UNTOLD = 2, /* ... but in any case it is not told ... */
	AWAITING_LOST = 3, /* ... or the ring was full */
};

struct return_value {
	__u64 entry_time;
	__u32 version;
	__u16 candidates; /* selectors that can still decide */
	__u8 awaiting; /* enum awaiting */
	__u8 padding;
};

#define RECORD_BUFFER_BYTES (32 * 1024) /* the most that a per-CPU value may have; the longest record has 24,736 */
struct record_buffer {
	union {
		__u8 bytes[RECORD_BUFFER_BYTES];
		/* What may begin here, named so that the objects' BTF knows these structs: a test compares Java's layouts with it. */
		struct fork_record fork;
		struct exec_record exec;
		struct exit_record exit;
		struct hook_record hook;
		struct return_record returned;
		struct data_record data;
		struct throttle_record throttle;
		struct cgroup_record cgroup;
		struct argument_header argument;
	};
};

/* For the verifiers of 5.10 and 6.1, which forget what it knew of a number that was on the stack. */
static __always_inline __u32 bounded(__u32 size)
{
	__asm__ volatile("%0 &= %1" : "+r"(size) : "i"(RECORD_BUFFER_BYTES - 1));
	return size;
}

enum process_buffer {
	PROCESS_BUFFER_OF_FORK = 0, /* an fentry program can be preempted where the kernel's code can */
	PROCESS_BUFFER_OF_EXEC = 1,
	PROCESS_BUFFER_OF_ITERATOR = 2,
	PROCESS_BUFFERS = 3,
};

struct binary_keys { /* for those who fill a process buffer */
	struct prefix_key prefix;
	struct postfix_key postfix;
};

struct key_buffer { /* for look-ups whose key is too big for the stack */
	union {
		struct text_key_small small;
		struct text_key_medium medium;
		struct text_key_large large;
		struct prefix_key prefix;
		struct postfix_key postfix;
		struct range_key range; /* so that every object knows the types, which maps have */
		struct network_key network;
	};
	char zeros[TEXT_LARGE]; /* never written */
};

#endif
