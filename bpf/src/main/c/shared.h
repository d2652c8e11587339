/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel programs and the agent share: constants, map keys and values, ring records. Plain C, fixed widths, no
 * padding left to the compiler, host byte order. The Java layouts (package dev.skep.bpf) mirror these structs by name; a test
 * compares every offset and size with the BTF of the built objects. Whoever changes one raises SKEP_LAYOUT: an agent never
 * reads maps of another layout.
 */
#ifndef SKEP_SHARED_H
#define SKEP_SHARED_H

#define SKEP_LAYOUT 12

#define PATH_MAX_BYTES 4096 /* the kernel's PATH_MAX, terminating NUL included */
#define DATA_MAX_BYTES 4096 /* most bytes of one string or buffer argument */
#define BINARY_BYTES 256 /* of an executable's path in the process map, NUL included */
#define BINARY_END_BYTES 128 /* of the beginning and of the end of a longer one */
#define HOOKS_MAX 4096 /* hooks of all policies of a node; 64 words of 64 bits, so that a word says which have any. The maps by point and cover take 2.5 MB for it */
#define HOOK_WORDS (HOOKS_MAX / 64)
#define COVERS_MAX 2048 /* different sets of policies that cover cgroups of a node */
#define CHAIN_MAX 32 /* hooks on one call: a chain has at most 33 tail calls (every kernel) */
#define SYSCALLS_MAX 512 /* x86-64 has 470 (6.18) */
#define FUNCTIONS_MAX 512 /* functions of the kernel, and tracepoints, that hooks sit on */
#define POINTS_MAX (SYSCALLS_MAX + FUNCTIONS_MAX) /* where hooks can sit: a system call by its number, then functions as map `functions` has them */
#define ARGUMENTS_MAX 8 /* of a hook */
#define REGISTERS_MAX 6 /* arguments of a system call, and those of a function that are in registers */
#define SELECTORS_MAX 16 /* of a hook */
#define FILTERS_MAX 256 /* of a hook, in all its selectors */
#define FILTERS_NEAR 8 /* of these each has code of its own, the others share theirs: filter.h */
#define INLINE_VALUES 4
#define ERRNO_MAX 4095 /* the kernel's MAX_ERRNO */
#define FOLLOWED_SETS_MAX 64
#define SPACES_SHARED 16 /* of scratch.h's claimed spaces; besides there is one for each CPU */

/* ---- records in the ring -------------------------------------------------------------------------------------- */

enum record_kind {
	RECORD_FORK = 1,
	RECORD_EXEC = 2,
	RECORD_EXIT = 3,
	RECORD_HOOK = 4,
	RECORD_RETURN = 5,
	RECORD_DATA = 6,
	RECORD_THROTTLE = 7,
	RECORD_CGROUP_MADE = 8,
	RECORD_CGROUP_GONE = 9,
};

struct process_key { /* a thread group, unique between two boots */
	__u32 pid; /* tgid in the node's pid namespace, which is the initial one but for nodes that are containers; 0: it cannot be seen from there */
	__u32 padding;
	__u64 start; /* ns since boot (CLOCK_BOOTTIME), of the group leader */
};

struct record_header {
	__u32 size; /* of the whole record in bytes, this header included */
	__u16 kind; /* enum record_kind */
	__u16 cpu;
	__u64 time; /* ns, CLOCK_BOOTTIME */
	struct process_key process;
	__u64 began; /* time of the exec_record of the program that it runs; its start if it executed none; 0: not in the process map */
	__u64 cgroup; /* id in the unified hierarchy */
	__u32 tid;
	__u32 uid; /* effective */
};

struct capabilities { /* a bit for each */
	__u64 permitted;
	__u64 effective;
	__u64 inheritable;
};

struct namespaces { /* inode numbers */
	__u32 uts;
	__u32 ipc;
	__u32 mnt;
	__u32 pid;
	__u32 pid_for_children;
	__u32 net;
	__u32 time;
	__u32 time_for_children;
	__u32 cgroup;
	__u32 user;
};

struct credentials { /* ids as the initial user namespace has them */
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 suid;
	__u32 sgid;
	__u32 fsuid;
	__u32 fsgid;
	__u32 secure_bits;
	__u32 user_level; /* of the user namespace: 0 is the initial one */
	__u32 user_owner;
	__u32 user_group;
	struct capabilities capabilities;
};

struct executable {
	__u64 device; /* as stat(2) gives it */
	__u64 inode;
	__u32 links;
	__u32 setuid; /* what the file's bit made of the effective user; NO_ID: nothing */
	__u32 setgid;
	__u32 padding;
};
#define NO_ID ((__u32)-1)

struct fork_record {
	struct record_header header; /* process: the child */
	struct process_key parent;
	__u64 parent_began; /* what the parent ran then: its header.began */
	__u32 namespace_pid; /* in the child's innermost pid namespace */
	__u32 flags; /* PROCESS_* */
};

#define EXEC_TRUNCATED_ARGUMENTS 0x1 /* longer than the limit: the first are here */
#define EXEC_UNREADABLE_ARGUMENTS 0x2 /* a page was not there: what comes before it is here */
#define EXEC_TRUNCATED_PATH 0x4
#define EXEC_UNREADABLE_PATH 0x8
#define EXEC_TRUNCATED_CWD 0x10
#define EXEC_UNREADABLE_CWD 0x20
#define EXEC_ROOT_CWD 0x40
#define EXEC_TRUNCATED_ENVIRONMENT 0x80
#define EXEC_UNREADABLE_ENVIRONMENT 0x100
#define EXEC_IN_INIT_TREE 0x200
#define EXEC_RAISED_BY_FILE_CAPABILITIES 0x400
#define EXEC_RAISED_BY_SETUID 0x800
#define EXEC_RAISED_BY_SETGID 0x1000
#define EXEC_UNKNOWN_CHANGE 0x2000 /* no program saw how the credentials changed */
#define EXEC_ARGUMENTS_IN_DATA 0x40000000 /* in the data_records before this record; their bytes are arguments_size */
#define EXEC_ENVIRONMENT_IN_DATA 0x80000000

struct exec_record {
	struct record_header header;
	struct process_key parent;
	__u64 parent_began;
	__u32 namespace_pid;
	__u32 login_uid; /* audit's; NO_ID if unset */
	__u32 flags; /* EXEC_* */
	__u16 path_size; /* bytes that follow this struct, in this order: path, cwd, arguments, environment; no NULs but those in the last two */
	__u16 cwd_size;
	__u32 arguments_size; /* argv as the kernel keeps it: NUL after each */
	__u32 environment_size;
	struct credentials credentials;
	struct namespaces namespaces;
	struct executable executable;
};

/* A part of a text that is too long for its exec_record. Those of one exec come in order, before it, with its process and time. */
enum data_text {
	DATA_ARGUMENTS = 1,
	DATA_ENVIRONMENT = 2,
};

#define DATA_CHUNK_BYTES 16384
#define LONG_TEXT_MAX (2 << 20) /* the kernel's ARG_MAX with the common stack limit of 8 MiB */
struct data_record {
	struct record_header header;
	__u32 offset; /* in the text, of the bytes that follow this struct up to header.size */
	__u32 text; /* enum data_text */
};

struct throttle_record { /* from now on events of header.cgroup are counted, not told */
	struct record_header header;
};

#define CGROUP_PATH_BYTES 1024 /* NUL included: of what the kernel's tracepoint tells */
struct cgroup_record { /* header.process: who made or removed it */
	struct record_header header;
	__u64 cgroup;
	__u64 parent;
	__u32 level; /* 0 is the hierarchy's root */
	__u32 path_size; /* of the path that follows this struct, without NUL; 0 of one that is gone */
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
	ACTION_OVERRIDE = 4, /* the call is not carried out; no signal */
	ACTION_WOULD_OVERRIDE = 5,
};

#define HOOK_RETURN_FOLLOWS 1 /* a return_record with the same hook, tid and time will come, unless the thread dies */
#define HOOK_DECIDED_AT_RETURN 2 /* and says whether this is to be told at all */

struct hook_record {
	struct record_header header;
	__u32 slot;
	__u16 point; /* below SYSCALLS_MAX: the system call; else as map `functions` has them */
	__u8 selector;
	__u8 action; /* enum hook_action */
	__u32 version; /* of the hook's program: what hook_version said when it was loaded */
	__u16 signal; /* 0: none */
	__u8 flags; /* HOOK_* */
	__u8 argument_count; /* that many argument_header follow, each with its bytes */
	__u32 share; /* whose room in the ring it takes: hook_plan.share */
	__u32 padding;
};

#define ARGUMENT_TRUNCATED 1
#define ARGUMENT_UNREADABLE 2 /* page not there, descriptor closed */

struct argument_header { /* of one argument: 16 bytes, then `size` bytes, then zeros up to a multiple of 8 */
	__u8 kind; /* enum argument_kind */
	__u8 index; /* in the call */
	__u8 flags; /* ARGUMENT_* */
	__u8 padding;
	__u32 size; /* of the text or the buffer that follows; 0 for numbers */
	__u64 value; /* the number, as wide as its kind says; 0 of a pointer to a text; for a buffer its full size; of a path its inode's mode is in the upper half */
};

struct ip_address { /* network byte order; of IPv4 as ::ffff:a.b.c.d */
	__u64 words[2];
};

#define NETWORK_IP 1 /* addresses and ports are there */
#define NETWORK_UNREADABLE 2

struct network { /* bytes of a socket, a packet or an address; what it does not have is 0 */
	__u64 cookie; /* of a socket, if anybody asked for it */
	struct ip_address source; /* or the one address there is */
	struct ip_address destination;
	__u32 mark;
	__u32 priority;
	__u32 hash; /* of a packet */
	__u32 length; /* of a packet */
	__u32 security_path;
	__u32 security_path_offloaded;
	__u16 source_port;
	__u16 destination_port;
	__u16 family; /* AF_* */
	__u16 type; /* SOCK_* */
	__u16 protocol; /* IPPROTO_* */
	__u8 state; /* TCP_* */
	__u8 flags; /* NETWORK_* */
	__u32 padding;
};

struct return_record {
	struct record_header header;
	__u32 slot;
	__u32 version;
	__u64 entry_time; /* header.time of the hook_record */
	__s64 value;
	__u8 selector; /* that decided at the return */
	__u8 action; /* enum hook_action; 0: the call is not to be told */
	__u16 signal; /* 0: none */
	__u32 padding;
};

/* ---- what one hook asks for: constants of its program, in .rodata, so that what is not used is gone ------------ */

enum argument_kind {
	ARGUMENT_NONE = 0,
	ARGUMENT_INT = 1, /* signed 32 bits */
	ARGUMENT_UINT32 = 2,
	ARGUMENT_SIZE = 3, /* unsigned 64 bits */
	ARGUMENT_FD = 4, /* descriptor: bytes are the file's path */
	ARGUMENT_STRING = 5, /* NUL-terminated, of the user or the kernel */
	ARGUMENT_CHAR_BUF = 6, /* of the user or the kernel, length in another argument */
	ARGUMENT_LONG = 7, /* signed 64 bits */
	ARGUMENT_FILE = 8, /* struct file *: bytes are its path */
	ARGUMENT_PATH = 9, /* struct path * */
	ARGUMENT_DENTRY = 10, /* struct dentry *: bytes are the path below the root of its file system */
	ARGUMENT_BINPRM = 11, /* struct linux_binprm *: bytes are the path of what is executed */
	ARGUMENT_FILENAME = 12, /* struct filename *: as the caller wrote it */
	ARGUMENT_INT8 = 13,
	ARGUMENT_UINT8 = 14,
	ARGUMENT_INT16 = 15,
	ARGUMENT_UINT16 = 16,
	ARGUMENT_SYSCALL64 = 17, /* number of a system call; with SYSCALL_IS_32BIT where the caller's numbers mean other calls */
	ARGUMENT_DATA_LOC = 18, /* text in a tracepoint's record, up to its first NUL */
	ARGUMENT_CONST_BUF = 19, /* bytes in a tracepoint's record */
	ARGUMENT_SOCK = 32, /* struct sock *: bytes are a struct network */
	ARGUMENT_SOCKET = 33, /* struct socket *: likewise */
	ARGUMENT_SKB = 34, /* struct sk_buff *: likewise */
	ARGUMENT_SOCKADDR = 35, /* struct sockaddr *: likewise, and of AF_UNIX then the name as below */
	ARGUMENT_SOCKADDR_UN = 36, /* struct sockaddr_un *: bytes are the path, or @ and the abstract name; unreadable if it is of another family */
	ARGUMENT_NET_DEVICE = 37, /* struct net_device *: bytes are its name */
};

#define SYSCALL_IS_32BIT 0x80000000U

struct argument_plan {
	__u8 kind; /* enum argument_kind; ARGUMENT_NONE ends the list */
	__u8 index; /* which of the call's arguments, 0 to 5; of a tracepoint's: its position in this list */
	__u8 size_index; /* of a char_buf: the argument with its length, 0 to 5; of a sockaddr, too, but 0 if there is none */
	/* Of a tracepoint's field, at `offset` in the record that perf hands over: */
	__u8 bytes; /* how many are its value, up to 8; 0: the field itself is the text or the buffer */
	__u16 offset;
	__u16 length; /* of a field that is a text or a buffer: its bytes; of a char_buf: where the field with its length is */
	__u8 length_bytes; /* of that field */
	__u8 padding[7];
};

/* From cheap to dear, the order in which the agent puts those of a selector: memory is read only for a call that all others let through. */
enum filter_operator {
	FILTER_NONE = 0, /* ends the list */
	FILTER_ALWAYS = 1, /* all that a selector without filters has */

	/* Of an argument, as a number: */
	FILTER_EQUAL = 2, /* one of `values` or, if count is IN_SET, of the number set */
	FILTER_RANGE = 3, /* between values[0] and [1], or [2] and [3]; bounds included. IN_SET: of the range set */
	FILTER_GREATER = 4, /* than values[0] */
	FILTER_LESS = 5,
	FILTER_MASK = 6, /* any bit of values[0] */

	/* Of the process: */
	FILTER_PID = 7, /* one of `values`, or IN_SET */
	FILTER_NAMESPACE_PID = 8, /* the same of its id in the innermost pid namespace */
	FILTER_FOLLOWED = 9, /* in followed set number `set`, or a descendant of such */
	FILTER_CAPABILITY = 10, /* has any of values[0], in which set: `argument` */
	FILTER_CAPABILITY_CHANGE = 11, /* any of values[0] has come or gone since the program, or the process, began */
	FILTER_NAMESPACE = 12, /* `argument`: which; one of `values`, or IN_SET */
	FILTER_NAMESPACE_CHANGE = 13, /* any whose bit is in values[0] is another since the program, or the process, began */

	/* Of the executable's path; `argument`: whose. The sets are those of texts. */
	FILTER_BINARY_EQUAL = 14,
	FILTER_BINARY_PREFIX = 15,
	FILTER_BINARY_POSTFIX = 16,

	/* Of a file: */
	FILTER_FILE_TYPE = 17, /* bit (mode >> 12) of values[0] */

	/* Of a socket, a packet or an address: within a range, low in the lower half of each of `values`, high in the upper. IN_SET: of the range set */
	FILTER_FAMILY = 18,
	FILTER_PROTOCOL = 19,
	FILTER_STATE = 20,
	FILTER_SOURCE_PORT = 21,
	FILTER_DESTINATION_PORT = 22,
	/* In a network of IPv4: mask in the lower half, address in the upper. IN_SET: in the network set */
	FILTER_SOURCE_ADDRESS = 23,
	FILTER_DESTINATION_ADDRESS = 24,

	/* Of an argument, as a text: */
	FILTER_TEXT_EQUAL = 25, /* in the exact text sets */
	FILTER_TEXT_PREFIX = 26,
	FILTER_TEXT_POSTFIX = 27,
};

#define OF_RETURN 255 /* filter_plan.argument: what the call returns */
#define IN_SET 255 /* filter_plan.count */
#define OUTSIDE_HOST 1 /* filter_plan.count of capabilities: processes whose user namespace is values[1] never match */

enum capability_set {
	CAPABILITIES_EFFECTIVE = 0,
	CAPABILITIES_INHERITABLE = 1,
	CAPABILITIES_PERMITTED = 2,
};

enum namespace_kind { /* the order of struct namespaces */
	NAMESPACE_UTS = 0,
	NAMESPACE_IPC = 1,
	NAMESPACE_MNT = 2,
	NAMESPACE_PID = 3,
	NAMESPACE_PID_FOR_CHILDREN = 4,
	NAMESPACE_NET = 5,
	NAMESPACE_TIME = 6,
	NAMESPACE_TIME_FOR_CHILDREN = 7,
	NAMESPACE_CGROUP = 8,
	NAMESPACE_USER = 9,
	NAMESPACE_KINDS = 10,
};

enum binary_owner {
	BINARY_OWN = 0,
	BINARY_OF_PARENT = 1, /* what the parent ran when it made the process */
};

/*
 * Value sets: outer array maps of the node, indexed by set id, which each filter has of its own; inner maps per set, the same one for filters that ask for
 * equal sets. So an edit of the values changes what a set id stands for, and no program.
 * text_sets_small / _medium / _large: hash of struct text_key_* -> __u8 ; prefix_sets, postfix_sets, range_sets, network_sets: LPM tries; number_sets: hash of __u64.
 */
#define VALUE_SETS_MAX 16384 /* filters with a set, of all hooks */
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

struct range_key { __u32 bits; __u8 number[8]; }; /* most significant byte first */
struct network_key { __u32 bits; __u32 version; struct ip_address address; }; /* version: 4 or 6, so that ::/0 is not IPv4 */

struct filter_plan {
	__u8 operator; /* enum filter_operator */
	__u8 negated;
	__u8 argument; /* position in hook_plan.arguments, OF_RETURN, or as the operator says */
	__u8 count; /* of inline values */
	__u8 selector; /* whose it is */
	__u8 last; /* 1: and its last one */
	__u16 set; /* set id; of texts it indexes text_sets_small, _medium and _large alike */
	__u64 values[INLINE_VALUES]; /* as 64 bits, extended as the argument's kind says: sign of an int or long, zeros else; so are keys of sets */
};

struct selector_plan { /* what is done when all filters of a selector hold */
	__u8 post; /* send a record */
	__u8 signal; /* 0: none */
	__u8 limit_scope; /* enum limit_scope */
	__u8 return_signal; /* sent when the call returns; 0: none */
	__u32 limit_seconds; /* equal events are sent once in so long; 0: all are */
	__s32 error; /* that a function of the kernel returns instead of being carried out; 0: none */
};

enum limit_scope { /* of whom events are equal */
	LIMIT_THREAD = 0,
	LIMIT_PROCESS = 1,
	LIMIT_GLOBAL = 2,
};

struct hook_plan { /* volatile const in .rodata of policy.bpf.o, named `hook` */
	__u32 slot;
	__u32 version; /* unique to each load of a program on this node; copied into records, so that the agent knows which edition decided */
	__u32 share; /* index in ring_written and ring_read: the slot of its policy's first hook */
	__u32 share_padding;
	__u8 wants_return;
	__u8 signals; /* 1: some selector has a signal */
	__u8 limits; /* 1: some has a limit */
	__u8 overrides; /* 1: some has an error */
	__u8 return_kind; /* enum argument_kind; as what filters read the return value */
	__u8 return_signals; /* 1: some has a return_signal */
	__u16 asking; /* bit s: selector s has filters or actions of the return */
	__u16 telling; /* bit s: selector s lets a call be told */
	__u8 networks; /* 1: some filter asks of a socket, a packet or an address */
	__u8 padding[5];
	__u64 limit_key[2]; /* drawn by lot: rate.h */
	struct argument_plan arguments[ARGUMENTS_MAX];
	struct selector_plan selectors[SELECTORS_MAX];
	struct filter_plan filters[FILTERS_MAX]; /* one selector's after the other's. None: the hook has no selectors, it always matches and posts */
};

/* ---- maps ----------------------------------------------------------------------------------------------------- */

#define HANDING_OVER 1 /* in map `active_generation` */

struct hook_bits { /* a set of hooks: bit s of word s / 64 is slot s */
	__u64 words[HOOK_WORDS];
};

struct watched_words { /* map `point_watched`. Bit w: word w is not 0 ... */
	__u64 entry; /* ... of point_hooks */
	__u64 returns; /* ... of return_hooks */
	__u64 overrides; /* ... of override_hooks */
};

#define FUNCTION_NAME_BYTES 128 /* NUL included */
struct function_name { /* map `functions`, key: point; empty: free, or a system call that nobody overrides; of tracepoints SUBSYSTEM:EVENT, of raw ones raw/EVENT. Written by the agent alone */
	char name[FUNCTION_NAME_BYTES];
};

#define PROCESS_IN_INIT_TREE 1 /* first process of a pid namespace below the initial one, or a descendant of such */
#define PROCESS_UNTOLD 2 /* neither its fork nor an exec was told, so its exit is not either */

struct binary_value { /* as a process_value from binary_size on */
	__u16 size;
	__u16 unused; /* what process_value has there */
	char binary[BINARY_BYTES];
};

struct process_value { /* map `processes`, key: tgid */
	struct process_key key;
	struct process_key parent;
	__u64 began; /* as in record_header; 0 for the time that an exec changes this entry */
	__u64 parent_began;
	__u64 cgroup;
	__u64 followed; /* bit set: this process or an ancestor is in followed set number bit, or was since the set was made */
	/* As it was when the program, or the process, began: */
	struct capabilities capabilities;
	struct namespaces namespaces;
	__u32 secure_bits;
	__u32 user_level;
	__u32 user_owner;
	__u32 user_group;
	__u32 namespace_pid;
	__u16 binary_size; /* without NUL; 0: unknown. Of more than BINARY_BYTES - 1 only the two ends are there */
	__u8 level; /* of its pid namespace: 0 is the initial one */
	__u8 flags; /* PROCESS_* */
	char binary[BINARY_BYTES]; /* resolved path of the executable, zero-padded; if that is longer its first and its last BINARY_END_BYTES */
	struct binary_value parent_binary; /* what the parent ran when it made this process; size 0: unknown */
	__u32 exec_id; /* task_struct.self_exec_id, lower half: of another one an exec was not seen */
};

/* What the agent's options say: `volatile const` in .rodata of base.bpf.o, named `limits`. */
struct process_limits {
	__u32 argument_bytes;
	__u32 environment_bytes; /* 0: none is read */
	__u64 throttle_interval; /* ns */
	__u32 throttle_events; /* of a cgroup in an interval, up to THROTTLE_EVENTS_MAX; 0: no limit */
	__u8 parent_binaries; /* 1: kept */
	__u8 sees_credentials; /* 1: a program of credentials.h is attached */
	__u16 padding;
};

struct namespace_offsets { /* where a task's namespace of one kind is found */
	__u32 pointer; /* in struct nsproxy, but for PID and USER */
	__u32 inode; /* in what that points to */
};

enum network_offset { /* where the kernel keeps what struct network tells */
	SOCK_FAMILY = 0,
	SOCK_STATE = 1,
	SOCK_DADDR = 2,
	SOCK_RCV_SADDR = 3,
	SOCK_V6_DADDR = 4,
	SOCK_V6_RCV_SADDR = 5,
	SOCK_NUM = 6,
	SOCK_DPORT = 7,
	SOCK_COOKIE = 8,
	SOCK_TYPE = 9,
	SOCK_PROTOCOL = 10,
	SOCK_MARK = 11,
	SOCK_PRIORITY = 12,
	SOCKET_SK = 13,
	SKB_BYTES = 14, /* its size */
	SKB_LEN = 15,
	SKB_HASH = 16,
	SKB_MARK = 17,
	SKB_PRIORITY = 18,
	SKB_PROTOCOL = 19,
	SKB_NETWORK_HEADER = 20,
	SKB_HEAD = 21,
	SKB_TAIL = 22,
	SKB_EXTENSIONS = 23,
	SKB_ACTIVE_EXTENSIONS = 24,
	SKB_SECURITY_PATH = 25, /* number of that extension */
	EXTENSION_OFFSETS = 26, /* struct skb_ext */
	SECURITY_PATH_LEN = 27, /* struct sec_path; `olen` follows */
	NET_DEVICE_NAME = 28,
	NETWORK_OFFSETS = 29,
};
#define NO_OFFSET ((__u32)-1) /* built without that */

/*
 * What every object's programs have to know: `volatile const` in .rodata, named `view`. Which part of the machine is the agent's node (all zeros: the whole
 * of it), and offsets that would cost each load of an object 1 ms for each kind of namespace if it found them out by itself.
 */
struct node_view {
	__u64 cgroup; /* id of the node's root in the unified hierarchy */
	__u32 cgroup_level; /* of it; 0: the root of all, so that every process is the node's */
	__u32 pid_level; /* of the node's pid namespace; 0: the initial one */
	__u32 pid_namespace; /* inode number */
	__u32 padding;
	struct namespace_offsets namespaces[NAMESPACE_KINDS];
	__u32 offsets[NETWORK_OFFSETS]; /* by enum network_offset */
	__u32 last_padding;
};

#define CGROUP_LEVELS_MAX 32
struct whereabouts { /* of who reads the iterator of view.bpf.o */
	__u32 pid_level; /* of its pid namespace */
	__u32 pid_namespace; /* inode number */
	__u32 cgroup_level;
	__u32 padding;
	__u64 cgroups[CGROUP_LEVELS_MAX]; /* ids in the unified hierarchy, of its cgroup and those above it, by level; those below this many are left out */
	struct namespace_offsets namespaces[NAMESPACE_KINDS];
}; /* then NETWORK_OFFSETS __u32 */

/* What a program kept of the change of credentials that an exec is about to make; map `raised`. */
struct raised_key {
	__u64 binprm; /* address of the exec's struct linux_binprm */
	__u32 pid; /* tgid */
	__u32 padding;
};

struct raised_value {
	__u32 flags; /* EXEC_RAISED_* */
	__u32 setuid;
	__u32 setgid;
	__u32 padding;
};

struct binary_key { /* map `parent_binaries` */
	__u32 pid;
	__u32 padding;
	__u64 began;
};

enum process_map_count { /* map `process_map_counts`: per-CPU array of __u64 */
	PROCESS_INSERTED = 0,
	PROCESS_REMOVED = 1,
	PROCESS_INSERT_ERRORS = 2,
	PROCESS_REMOVE_ERRORS = 3,
	PROCESS_MAP_COUNTS = 4,
};

struct followed_key { /* map `followed_pids` -> __u64 bits */
	__u32 pid;
	__u32 in_namespace;
};

/*
 * What is followed by executable: maps `followed_binaries` (key: process_value.binary), `followed_prefixes` (prefix_key), `followed_postfixes` (postfix_key)
 * -> __u64 bits. A look-up in a trie finds the longest entry alone, so an entry has the bits of all shorter ones that it begins with, too.
 * map `followed_kinds`: array of 1 __u32, FOLLOWED_BY_* for each of them that is not empty. All written by the agent.
 */
#define FOLLOWED_BY_BINARY 1
#define FOLLOWED_BY_PREFIX 2
#define FOLLOWED_BY_POSTFIX 4

struct binary_path {
	char text[BINARY_BYTES];
};

/*
 * map `followed_retired`: array of 1 __u64, written by the agent: bits whose set is gone. The task iterator takes them from every
 * process (atomic and), so that a later set can have them.
 */

struct process_counters { /* map `cgroup_counters`, key: cgroup id (u64); key 0: cgroups that are gone, and what a reboot carried over */
	__u64 forks;
	__u64 execs;
	__u64 exits;
	__u64 suppressed; /* forks and execs among them that were not told, for there were too many */
	__u64 window; /* number of the last interval << THROTTLE_COUNT_BITS | what was told in it */
};

#define THROTTLE_COUNT_BITS 24
#define THROTTLE_EVENTS_MAX ((1 << THROTTLE_COUNT_BITS) - 1)

struct throttle_value { /* map `throttled`, key: cgroup; made by the programs, deleted by the agent */
	__u64 last; /* ns, CLOCK_BOOTTIME: when something was suppressed */
	__u64 suppressed; /* since this entry was made */
};

struct counter_key { /* map `hook_counters` */
	__u32 slot;
	__u32 selector; /* SELECTOR_CARRIED: what the hook had before this boot */
};
#define SELECTOR_CARRIED 255

struct hook_counters_value {
	__u64 posted; /* events, whether or not they reached the ring */
	__u64 suppressed; /* NoPost, or equal to one that was sent a moment ago */
	__u64 enforced; /* signals sent */
	__u64 monitored; /* signals that monitor mode held back */
	__u64 dropped; /* events that found the ring full */
	__u64 last_action; /* ns, CLOCK_BOOTTIME, of the last enforced or monitored; 0: never */
};

struct rate_key { /* map `rates` -> __u64: when it was sent, ns of CLOCK_BOOTTIME */
	__u64 event; /* hash of its arguments */
	__u64 start; /* of the thread or process, ns since boot; 0 of LIMIT_GLOBAL, as `id` */
	__u32 id;
	__u32 version; /* of the hook's program */
	__u32 selector;
	__u32 padding;
};

struct hook_state { /* map `hooks`: array by slot; written by the agent alone */
	char policy[40]; /* uid, NUL-terminated; empty: the slot is free */
	__u64 generation; /* of the policy */
	__u32 index; /* of the hook in its policy */
	__u32 monitor; /* 1: actions are counted and reported, not taken; switched at run time */
	__u32 version;
	__u32 chosen; /* 1: acts where a cover has it; 0: everywhere */
	__u8 plan_hash[32]; /* SHA-256 of the plan, for a restarted agent; zeros: nothing loaded, or not completely */
	__u8 program_hash[32]; /* of that in the plan which shapes the program: all but the values in its sets */
	__s64 base_forks; /* what to add to the counters of the node, or of the covers that have it, to get the policy's (usually negative) */
	__s64 base_execs;
	__s64 base_exits;
	__u32 folded; /* 1 + the cover whose counters the bases have already, for a fold that did not come to its end; 0: none */
	__u32 folded_padding;
};

/*
 * A cover is a set of policies that act in the same cgroups, known by its number: map `covers` (array of hook_bits) has the hooks of its policies and of
 * those that act everywhere. Number 0 is the empty set.
 */
struct cgroup_cover { /* map `cgroup_covers`, key: cgroup. Said by the agent or inherited from the parent; a cgroup without has `others` */
	__u64 cgroup; /* the key again: cover.h says why */
	__u32 cover;
	__u32 padding;
};

struct covering { /* map `covering`: array of 1 */
	__u32 any; /* 0: no cgroup has a cover of its own, so nobody needs to look */
	__u32 others; /* the cover of those that have none */
};

struct cover_counters { /* map `cover_counters`: array by cover. What happened in its cgroups while they were its */
	__u64 forks;
	__u64 execs;
	__u64 exits;
};

enum drop_cause { /* map `drops`: array of __u64 by cause */
	DROP_RING_FORK = 0,
	DROP_RING_EXEC = 1,
	DROP_RING_EXIT = 2,
	DROP_RING_HOOK = 3,
	DROP_RING_RETURN = 4,
	DROP_PROCESS_MAP_FULL = 5,
	DROP_CGROUP_MAP_FULL = 6,
	DROP_RETURN_MAP_FULL = 7,
	DROP_CHAIN_CUT = 8, /* a tail call failed */
	DROP_RING_DATA = 9,
	DROP_RING_THROTTLE = 10,
	DROP_THROTTLE_MAP_FULL = 11,
	DROP_RING_CGROUP = 12,
	DROP_COVER_MAP_FULL = 13, /* a cgroup did not inherit its parent's cover */
	DROP_VERDICT_MAP_FULL = 14, /* a call was not overridden */
	DROP_SCRATCH_FULL = 15, /* no space was free, so no hook was asked: lsm.bpf.c says what then */
	DROP_RETURN_STALE = 16, /* of a call that returned after its hook was replaced: nothing was decided then */
	DROP_RING_SHARE = 17, /* a policy had as much unread as the ring had free */
	DROP_CAUSES = 18,
};

#endif
