/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What Linux 5.10 has not, in one place: with SKEP_5_10 the base sensor is built a second time, for kernels from 5.10 to 5.16. They lack bpf_loop
 * (5.17), pointers to the current task that the verifier knows (5.11) and atomics that give the old value (5.12).
 */
#ifndef SKEP_OLDEST_H
#define SKEP_OLDEST_H

#include "kernel_types.h"
#include <bpf/bpf_helpers.h>

#ifdef SKEP_5_10

/* Calls body(turn, context) until it returns 1. Each turn is verified by itself: of `turns` only `few` are made. */
#define REPEAT(turns, few, body, context)                                                                                                  \
	do {                                                                                                                               \
		for (int turn_ = 0; turn_ < (few); turn_++)                                                                                \
			if (body(turn_, context))                                                                                          \
				break;                                                                                                     \
	} while (0)

/* Whether members of the current task can be read without a helper. */
#define KNOWS_CURRENT false

static __always_inline struct task_struct *current_task(void)
{
	return (void *)bpf_get_current_task();
}

/* Not exact where two CPUs meet: what one of them adds can be lost. */
static __always_inline bool replace(__u64 *at, __u64 before, __u64 after)
{
	*(volatile __u64 *)at = after;
	return true;
}

static __always_inline void set_bits(__u64 *at, __u64 bits)
{
	*at |= bits;
}

static __always_inline void clear_bits(__u64 *at, __u64 bits)
{
	*at &= ~bits;
}

#else

#define REPEAT(turns, few, body, context) bpf_loop(turns, body, context, 0)
#define KNOWS_CURRENT true

static __always_inline struct task_struct *current_task(void)
{
	return bpf_get_current_task_btf();
}

/* False if it was not `before` any more. */
static __always_inline bool replace(__u64 *at, __u64 before, __u64 after)
{
	return __sync_val_compare_and_swap(at, before, after) == before;
}

static __always_inline void set_bits(__u64 *at, __u64 bits)
{
	__sync_fetch_and_or(at, bits);
}

static __always_inline void clear_bits(__u64 *at, __u64 bits)
{
	__sync_fetch_and_and(at, ~bits);
}

#endif

#endif
