/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map of the node, once for all objects: the loader makes (or takes over from the bpffs folder) one of each and puts it into each
 * object by name. Who writes is said beside each; the shapes of keys and values are in shared.h.
 */
#ifndef SKEP_MAPS_H
#define SKEP_MAPS_H

#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include "shared.h"
#include "scratch.h"

/* The agent maps them: it looks without a call (ArrayMemory.java says why). */
#define MAP_ARRAY(name, entries, of)                                                                                                       \
	struct {                                                                                                                           \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                                          \
		__uint(max_entries, entries);                                                                                              \
		__uint(map_flags, BPF_F_MMAPABLE);                                                                                         \
		__type(key, __u32);                                                                                                        \
		__type(value, of);                                                                                                         \
	} name SEC(".maps")

#define MAP_PLAIN_ARRAY(name, entries, of)                                                                                                 \
	struct {                                                                                                                           \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                                          \
		__uint(max_entries, entries);                                                                                              \
		__type(key, __u32);                                                                                                        \
		__type(value, of);                                                                                                         \
	} name SEC(".maps")

#define MAP_CPU_ARRAY(name, entries, of)                                                                                                   \
	struct {                                                                                                                           \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                                                                   \
		__uint(max_entries, entries);                                                                                              \
		__type(key, __u32);                                                                                                        \
		__type(value, of);                                                                                                         \
	} name SEC(".maps")

#define MAP_HASH(name, kind, entries, by, of)                                                                                              \
	struct {                                                                                                                           \
		__uint(type, kind);                                                                                                        \
		__uint(max_entries, entries);                                                                                              \
		__type(key, by);                                                                                                           \
		__type(value, of);                                                                                                         \
	} name SEC(".maps")

/* Entries take memory only when they are made: for maps that are rarely near full. */
#define MAP_SPARSE(name, kind, entries, by, of)                                                                                            \
	struct {                                                                                                                           \
		__uint(type, kind);                                                                                                        \
		__uint(max_entries, entries);                                                                                              \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                                      \
		__type(key, by);                                                                                                           \
		__type(value, of);                                                                                                         \
	} name SEC(".maps")

#define MAP_SPARSE_HASH(name, entries, by, of) MAP_SPARSE(name, BPF_MAP_TYPE_HASH, entries, by, of)

/* A slot per set id; what is in a slot is made by the agent, with the type, sizes and flags written here and as many entries as it needs. */
#define MAP_SETS(name, kind, by)                                                                                                           \
	struct {                                                                                                                           \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                                                                  \
		__uint(max_entries, VALUE_SETS_MAX);                                                                                       \
		__type(key, __u32);                                                                                                        \
		__array(values, struct {                                                                                                   \
			__uint(type, kind);                                                                                                \
			__uint(max_entries, 1);                                                                                            \
			__uint(map_flags, BPF_F_NO_PREALLOC);                                                                              \
			__type(key, by);                                                                                                   \
			__type(value, __u8);                                                                                               \
		});                                                                                                                        \
	} name SEC(".maps")

/* ---- from the kernel to the agent ---- */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20); /* bytes; the loader's --ring-size goes before */
} events SEC(".maps");

/* By hook_plan.share, in bytes of the ring: what hooks of a policy put there, and what of that the agent has read, who writes to it in its own memory. */
MAP_ARRAY(ring_written, HOOKS_MAX, __u64);
MAP_ARRAY(ring_read, HOOKS_MAX, __u64);

MAP_SPARSE_HASH(processes, 65536, __u32, struct process_value); /* written by the programs alone; key: tgid; as many entries as the options say */
MAP_CPU_ARRAY(process_map_counts, PROCESS_MAP_COUNTS, __u64);
MAP_HASH(cgroup_counters, BPF_MAP_TYPE_HASH, 8192, __u64, struct process_counters); /* made by the programs, dead ones folded by the agent */
MAP_SPARSE_HASH(throttled, 8192, __u64, struct throttle_value); /* key: cgroup */
MAP_SPARSE_HASH(hook_counters, 8192, struct counter_key, struct hook_counters_value); /* made by the agent */
MAP_ARRAY(drops, DROP_CAUSES, __u64);

/* ---- from the agent to the kernel ---- */

MAP_ARRAY(active_generation, 1, __u32); /* generation << 1 | HANDING_OVER: only dispatchers and sensors of this generation act */
MAP_SPARSE_HASH(followed_pids, 1024, struct followed_key, __u64);
MAP_SPARSE_HASH(followed_binaries, 4096, struct binary_path, __u64);
MAP_SPARSE(followed_prefixes, BPF_MAP_TYPE_LPM_TRIE, 4096, struct prefix_key, __u64);
MAP_SPARSE(followed_postfixes, BPF_MAP_TYPE_LPM_TRIE, 4096, struct postfix_key, __u64);
MAP_ARRAY(followed_kinds, 1, __u32);
MAP_ARRAY(followed_retired, 1, __u64);
MAP_ARRAY(hooks, HOOKS_MAX, struct hook_state);
MAP_ARRAY(point_watched, POINTS_MAX, struct watched_words); /* after the two below are widened, before they are narrowed */
MAP_ARRAY(point_hooks, POINTS_MAX, struct hook_bits);
MAP_ARRAY(return_hooks, POINTS_MAX, struct hook_bits);
MAP_ARRAY(override_hooks, POINTS_MAX, struct hook_bits);
MAP_ARRAY(functions, POINTS_MAX, struct function_name); /* for the agent that comes next */
MAP_ARRAY(covers, COVERS_MAX, struct hook_bits);
MAP_ARRAY(covering, 1, struct covering);
MAP_SPARSE_HASH(cgroup_covers, 16384, __u64, struct cgroup_cover); /* the programs add what is inherited, and remove */
MAP_ARRAY(cover_counters, COVERS_MAX, struct cover_counters); /* counted by the programs, cleared by the agent */

#define MAP_PROGRAMS(name)                                                                                                                 \
	struct {                                                                                                                           \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                                                                     \
		__uint(max_entries, HOOKS_MAX);                                                                                            \
		__uint(key_size, sizeof(__u32));                                                                                           \
		__uint(value_size, sizeof(__u32));                                                                                         \
	} name SEC(".maps")

/* By slot. The programs of an array are of one kind. */
MAP_PROGRAMS(hook_programs); /* on system calls */
MAP_PROGRAMS(hook_returns); /* and of those that ask what the call returns */
MAP_PROGRAMS(function_programs);
MAP_PROGRAMS(function_returns);
MAP_PROGRAMS(tracepoint_programs);
MAP_PROGRAMS(raw_programs); /* on raw tracepoints */
#ifdef SKEP_LSM
MAP_PROGRAMS(lsm_programs); /* on one LSM hook: the node has such a map for each that is in use */
#endif

#ifdef SKEP_5_10 /* the keys of its hashes have 512 bytes at most; nobody asks there, policies need more of the kernel besides */
#define text_key_medium text_key_small
#define text_key_large text_key_small
#endif
MAP_SETS(text_sets_small, BPF_MAP_TYPE_HASH, struct text_key_small);
MAP_SETS(text_sets_medium, BPF_MAP_TYPE_HASH, struct text_key_medium);
MAP_SETS(text_sets_large, BPF_MAP_TYPE_HASH, struct text_key_large);
MAP_SETS(prefix_sets, BPF_MAP_TYPE_LPM_TRIE, struct prefix_key);
MAP_SETS(postfix_sets, BPF_MAP_TYPE_LPM_TRIE, struct postfix_key);
MAP_SETS(number_sets, BPF_MAP_TYPE_HASH, __u64);
MAP_SETS(range_sets, BPF_MAP_TYPE_LPM_TRIE, struct range_key);
MAP_SETS(network_sets, BPF_MAP_TYPE_LPM_TRIE, struct network_key);

/* ---- among the programs ---- */

MAP_HASH(handled, BPF_MAP_TYPE_LRU_HASH, 16384, __u32, __u32); /* thread -> generation that acted; only while one hands over to the next */

MAP_HASH(awaiting_return, BPF_MAP_TYPE_LRU_HASH, 16384, struct return_key, struct return_value);
MAP_HASH(rates, BPF_MAP_TYPE_LRU_HASH, 8192, struct rate_key, __u64); /* what falls out is sent again too early */
MAP_HASH(verdicts, BPF_MAP_TYPE_HASH, 16384, struct verdict_key, __s32); /* between a function's hooks and override.bpf.c; the error */
MAP_HASH(raised, BPF_MAP_TYPE_LRU_HASH, 1024, struct raised_key, struct raised_value); /* between credentials.h and the exec */
MAP_HASH(parent_binaries, BPF_MAP_TYPE_LRU_HASH, 1, struct binary_key, struct binary_value); /* as many entries as processes if the options ask for it */
MAP_HASH(ended, BPF_MAP_TYPE_LRU_HASH, 1024, struct process_key, __u8); /* processes of several threads that ended just now */
MAP_CPU_ARRAY(process_buffers, PROCESS_BUFFERS, struct process_value);
MAP_CPU_ARRAY(binary_keys, PROCESS_BUFFERS, struct binary_keys);
#ifndef SKEP_CLAIMED
MAP_CPU_ARRAY(chains, SCRATCH_SPACES, struct chain);
MAP_CPU_ARRAY(texts, TEXTS, struct text);
MAP_CPU_ARRAY(network_slots, SCRATCH_SPACES * ARGUMENTS_MAX, struct network_slot);
MAP_CPU_ARRAY(record_buffers, SCRATCH_SPACES, struct record_buffer);
MAP_CPU_ARRAY(key_buffers, SCRATCH_SPACES, struct key_buffer);
#else
#define chains claimed_chains
#define texts claimed_texts
#define network_slots claimed_networks
#define record_buffers claimed_records
#define key_buffers claimed_keys
/* By space, of texts and networks by space and argument; the loader knows how many there are. */
MAP_PLAIN_ARRAY(chains, 1, struct chain);
MAP_PLAIN_ARRAY(texts, 1, struct text);
MAP_PLAIN_ARRAY(network_slots, 1, struct network_slot);
MAP_PLAIN_ARRAY(record_buffers, 1, struct record_buffer);
MAP_PLAIN_ARRAY(key_buffers, 1, struct key_buffer);
#endif

static __always_inline void count(void *per_cpu, __u32 index)
{
	__u64 *counter = bpf_map_lookup_elem(per_cpu, &index);

	if (counter)
		*counter += 1;
}

/* Counts what got lost. */
static __always_inline void drop(__u32 cause)
{
	__u64 *counter = bpf_map_lookup_elem(&drops, &cause);

	if (counter)
		__sync_fetch_and_add(counter, 1);
}

#endif
