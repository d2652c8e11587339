/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel programs and the agent share: constants, map keys and values, ring records. Plain C, fixed widths, no
 * padding left to the compiler, host byte order. The Java layouts (package dev.skep.bpf) mirror these structs by name; a test
 * compares every offset and size with the BTF of the built objects. Whoever changes one raises SKEP_LAYOUT: an agent never
 * reads maps of another layout.
 */
#ifndef SKEP_SHARED_H
#define SKEP_SHARED_H

#define SKEP_LAYOUT 2

#define PATH_MAX_BYTES 4096 /* the kernel's PATH_MAX, terminating NUL included */
#define DATA_MAX_BYTES 4096 /* most bytes of one string or buffer argument */
#define BINARY_BYTES 256 /* of an executable's path in the process map, NUL included; longer ones match nothing */
#define HOOKS_MAX 1024 /* hooks of all policies of a node */
#define HOOK_WORDS (HOOKS_MAX / 64)
#define CHAIN_MAX 32 /* hooks on one system call: a chain has at most 33 tail calls (every kernel) */
#define SYSCALLS_MAX 512 /* x86-64 has 470 (6.18) */
#define ARGUMENTS_MAX 6 /* of a system call */
#define SELECTORS_MAX 5
#define FILTERS_MAX 5
#define INLINE_VALUES 4
#define FOLLOWED_SETS_MAX 64

/* ---- records in the ring -------------------------------------------------------------------------------------- */

enum record_kind {
	RECORD_FORK = 1,
	RECORD_EXEC = 2,
	RECORD_EXIT = 3,
	RECORD_HOOK = 4,
	RECORD_RETURN = 5,
};

struct process_key { /* a thread group, unique between two boots */
	__u32 pid; /* tgid in the initial pid namespace */
	__u32 padding;
	__u64 start; /* ns since boot (CLOCK_BOOTTIME), of the group leader */
};

struct record_header {
	__u32 size; /* of the whole record in bytes, this header included */
	__u16 kind; /* enum record_kind */
	__u16 cpu;
	__u64 time; /* ns, CLOCK_BOOTTIME */
	struct process_key process;
	__u64 cgroup; /* id in the unified hierarchy */
	__u32 tid;
	__u32 uid; /* effective */
};

struct fork_record {
	struct record_header header; /* process: the child */
	struct process_key parent;
	__u32 namespace_pid; /* in the child's innermost pid namespace */
	__u32 padding;
};

#define EXEC_TRUNCATED_ARGUMENTS 1 /* longer than DATA_MAX_BYTES: the first are here */
#define EXEC_UNREADABLE_ARGUMENTS 2
#define EXEC_TRUNCATED_PATH 4
#define EXEC_UNREADABLE_PATH 8
#define EXEC_TRUNCATED_CWD 16
#define EXEC_UNREADABLE_CWD 32
#define EXEC_ROOT_CWD 64
#define EXEC_ARGUMENTS_SIZE_SHIFT 0

struct exec_record {
	struct record_header header;
	struct process_key parent;
	__u32 namespace_pid;
	__u32 login_uid; /* audit's; (u32)-1 if unset */
	__u32 flags; /* EXEC_* */
	__u16 path_size; /* bytes that follow this struct, in this order: path, cwd, arguments; no NULs but those between arguments */
	__u16 cwd_size;
	__u32 arguments_size; /* argv as the kernel keeps it: NUL after each */
	__u32 padding;
};

struct exit_record {
	struct record_header header;
	__u32 code; /* as wait(2) gives it: status << 8 | signal (0x80: core dumped) */
	__u32 padding;
};

enum hook_action {
	ACTION_POST = 1,
	ACTION_SIGNAL = 2, /* sent */
	ACTION_WOULD_SIGNAL = 3, /* monitor mode */
};

#define HOOK_RETURN_FOLLOWS 1 /* a return_record with the same hook, tid and time will come, unless the thread dies */

struct hook_record {
	struct record_header header;
	__u32 slot;
	__u16 syscall;
	__u8 selector;
	__u8 action; /* enum hook_action */
	__u32 version; /* of the hook's program: what hook_version said when it was loaded */
	__u16 signal; /* 0: none */
	__u8 flags; /* HOOK_* */
	__u8 argument_count; /* that many argument_header follow, each with its bytes */
};

#define ARGUMENT_TRUNCATED 1
#define ARGUMENT_UNREADABLE 2 /* page not there, descriptor closed */

struct argument_header { /* of one argument: 16 bytes, then `size` bytes, then zeros up to a multiple of 8 */
	__u8 kind; /* enum argument_kind */
	__u8 index; /* in the system call */
	__u8 flags; /* ARGUMENT_* */
	__u8 padding;
	__u32 size; /* of the text or the buffer that follows; 0 for numbers */
	__u64 value; /* the register; for a buffer its full size */
};

struct return_record {
	struct record_header header;
	__u32 slot;
	__u32 version;
	__u64 entry_time; /* header.time of the hook_record */
	__s64 value;
};

/* ---- what one hook asks for: constants of its program, in .rodata, so that what is not used is gone ------------ */

enum argument_kind {
	ARGUMENT_NONE = 0,
	ARGUMENT_INT = 1, /* signed 32 bits */
	ARGUMENT_UINT32 = 2,
	ARGUMENT_SIZE = 3, /* unsigned 64 bits */
	ARGUMENT_FD = 4, /* descriptor: bytes are the file's path */
	ARGUMENT_STRING = 5, /* user pointer, NUL-terminated */
	ARGUMENT_CHAR_BUF = 6, /* user pointer, length in another argument */
	ARGUMENT_LONG = 7, /* signed 64 bits */
};

struct argument_plan {
	__u8 kind; /* enum argument_kind; ARGUMENT_NONE ends the list */
	__u8 index; /* which of the system call's arguments, 0 to 5 */
	__u8 size_index; /* of a char_buf: the argument with its length, 0 to 5 */
	__u8 padding;
};

enum filter_operator {
	FILTER_NONE = 0, /* ends the list */
	FILTER_EQUAL = 1, /* numbers: one of `values` or, if count > INLINE_VALUES, of the number set */
	FILTER_GREATER = 2, /* than values[0] */
	FILTER_LESS = 3,
	FILTER_MASK = 4, /* any bit of values[0] */
	FILTER_TEXT_EQUAL = 5, /* in the exact text sets */
	FILTER_TEXT_PREFIX = 6,
	FILTER_TEXT_POSTFIX = 7,
};

/*
 * Text sets: outer array maps of the node, indexed by set id, inner maps per set (equal sets are shared).
 * text_sets_small / _medium / _large: hash of struct text_key_* -> __u8 ; prefix_sets, postfix_sets: LPM tries.
 */
#define TEXT_SETS_MAX 4096
#define TEXT_SMALL 64 /* a text of up to so many bytes, without NUL, is looked up in the small sets, ... */
#define TEXT_MEDIUM 512
#define TEXT_LARGE 4096
#define PREFIX_BYTES 256 /* the kernel's limit of an LPM trie (every kernel) */
#define POSTFIX_BYTES 128

struct text_key_small { __u32 size; char text[TEXT_SMALL]; };
struct text_key_medium { __u32 size; char text[TEXT_MEDIUM]; };
struct text_key_large { __u32 size; char text[TEXT_LARGE]; };
struct prefix_key { __u32 bits; char text[PREFIX_BYTES]; };
struct postfix_key { __u32 bits; char text[POSTFIX_BYTES]; }; /* text reversed */

struct filter_plan {
	__u8 operator; /* enum filter_operator */
	__u8 negated;
	__u8 argument; /* position in hook_plan.arguments */
	__u8 count; /* of inline values; 255: the number set holds them */
	__u32 set; /* set id; of FILTER_TEXT_EQUAL it indexes text_sets_small, _medium and _large alike */
	__u64 values[INLINE_VALUES]; /* as 64 bits, extended as the argument's kind says: sign of an int or long, zeros else; so are keys of number sets */
};

struct pid_filter_plan {
	__u8 used;
	__u8 negated;
	__u8 in_namespace; /* compare the pid of the innermost pid namespace */
	__u8 count; /* of values, up to INLINE_VALUES */
	__u32 values[INLINE_VALUES];
	__u64 followed; /* followForks: the bit in process_value.followed that says "one of these or a descendant"; then values are not compared */
};

struct binary_filter_plan {
	__u8 used;
	__u8 negated;
	__u16 padding;
	__u32 set; /* in text_sets_small and text_sets_medium */
};

struct selector_plan {
	__u8 used;
	__u8 post; /* send a record */
	__u8 signal; /* 0: none */
	__u8 padding[5];
	struct pid_filter_plan pids[2];
	struct binary_filter_plan binaries[2];
	struct filter_plan filters[FILTERS_MAX];
};

struct hook_plan { /* volatile const in .rodata of policy.bpf.o, named `hook` */
	__u32 slot;
	__u32 version; /* unique to each load of a program on this node; copied into records, so that the agent knows which edition decided */
	__u8 wants_return;
	__u8 padding[3];
	__u32 argument_padding;
	struct argument_plan arguments[ARGUMENTS_MAX];
	struct selector_plan selectors[SELECTORS_MAX]; /* none used: always matches and posts */
};

/* ---- maps ----------------------------------------------------------------------------------------------------- */

#define HANDING_OVER 1 /* in map `active_generation` */

struct hook_bits { /* a set of hooks: bit s of word s / 64 is slot s */
	__u64 words[HOOK_WORDS];
};

struct watched_words { /* map `syscall_watched`, key: system call. Bit w: word w is not 0 ... */
	__u32 entry; /* ... of syscall_hooks */
	__u32 returns; /* ... of return_hooks */
};

struct process_value { /* map `processes`, key: tgid */
	struct process_key key;
	struct process_key parent;
	__u64 cgroup;
	__u64 followed; /* bit set: this process or an ancestor since the set was made is in followed set number bit */
	__u32 namespace_pid;
	__u16 binary_size; /* without NUL; 0: unknown; more than BINARY_BYTES - 1: too long to be matched */
	__u16 flags;
	char binary[BINARY_BYTES]; /* resolved path of the executable, zero-padded */
};

struct followed_key { /* map `followed_pids` -> __u64 bits */
	__u32 pid;
	__u32 in_namespace;
};

/*
 * map `followed_retired`: array of 1 __u64, written by the agent: bits whose set is gone. The task iterator takes them from every
 * process (atomic and), so that a later set can have them.
 */

struct process_counters { /* map `cgroup_counters`, key: cgroup id (u64); key 0: cgroups that are gone, and what a reboot carried over */
	__u64 forks;
	__u64 execs;
	__u64 exits;
};

struct counter_key { /* map `hook_counters` */
	__u32 slot;
	__u32 selector; /* SELECTOR_CARRIED: what the hook had before this boot */
};
#define SELECTOR_CARRIED 255

struct hook_counters_value {
	__u64 posted; /* events, whether or not they reached the ring */
	__u64 suppressed; /* NoPost */
	__u64 enforced; /* signals sent */
	__u64 monitored; /* signals that monitor mode held back */
	__u64 dropped; /* events that found the ring full */
	__u64 last_action; /* ns, CLOCK_BOOTTIME, of the last enforced or monitored; 0: never */
};

struct hook_state { /* map `hooks`: array by slot; written by the agent alone */
	char policy[40]; /* uid, NUL-terminated; empty: the slot is free */
	__u64 generation; /* of the policy */
	__u32 index; /* of the hook in its policy */
	__u32 monitor; /* 1: actions are counted and reported, not taken; switched at run time */
	__u32 version;
	__u32 padding;
	__u8 plan_hash[32]; /* SHA-256 of the plan, for a restarted agent; zeros: nothing loaded, or not completely */
	__s64 base_forks; /* what to add to the node's process counters to get the policy's (usually negative) */
	__s64 base_execs;
	__s64 base_exits;
};

enum drop_cause { /* map `drops`: per-CPU array of __u64 by cause */
	DROP_RING_FORK = 0,
	DROP_RING_EXEC = 1,
	DROP_RING_EXIT = 2,
	DROP_RING_HOOK = 3,
	DROP_RING_RETURN = 4,
	DROP_PROCESS_MAP_FULL = 5,
	DROP_CGROUP_MAP_FULL = 6,
	DROP_RETURN_MAP_FULL = 7,
	DROP_CHAIN_CUT = 8, /* a tail call failed */
	DROP_CAUSES = 9,
};

#endif
