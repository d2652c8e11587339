/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which scratch space a run of a chain has. Fixed ones are known at once. Others are claimed by the dispatcher, found again by the chain's programs, and
 * given back by the last one. Whose one is says the address of the context: that lies on the stack of whoever is in the middle of the run, so that no two
 * runs have the same, be they of one task that was interrupted or of several that were stopped; and a tail call hands it on.
 */
#ifndef SKEP_CLAIM_H
#define SKEP_CLAIM_H

#include "maps.h"
#include "oldest.h"

static __always_inline __u32 space_of(struct chain *chain)
{
#ifdef SKEP_CLAIMED
	return chain->space;
#else
	return SCRATCH;
#endif
}

static __always_inline struct chain *chain_at(__u32 space)
{
	return bpf_map_lookup_elem(&chains, &space);
}

static __always_inline struct record_buffer *record_buffer_of(struct chain *chain)
{
	__u32 space = space_of(chain);

	return bpf_map_lookup_elem(&record_buffers, &space);
}

static __always_inline struct key_buffer *key_of(struct chain *chain)
{
	__u32 space = space_of(chain);

	return bpf_map_lookup_elem(&key_buffers, &space);
}

static __always_inline struct text *text_at(struct chain *chain, __u32 argument)
{
#ifdef SKEP_CLAIMED
	__u32 slot = chain->space * ARGUMENTS_MAX + argument;
#else
	__u32 slot = (IN_KERNEL ? TEXT_OF_FUNCTION : TEXT_OF_ARGUMENT) + argument;
#endif

	return bpf_map_lookup_elem(&texts, &slot);
}

static __always_inline struct network_slot *network_at(struct chain *chain, __u32 argument)
{
	__u32 slot = space_of(chain) * ARGUMENTS_MAX + argument;

	return bpf_map_lookup_elem(&network_slots, &slot);
}

#ifdef SKEP_CLAIMED

/* The one of this CPU, then those that are anybody's. A run stays on its CPU, stopped or not. */
static __always_inline __u32 candidate(int turn)
{
	return turn ? turn - 1 : SPACES_SHARED + bpf_get_smp_processor_id();
}

static __always_inline struct chain *claim(void *ctx)
{
	for (int turn = 0; turn <= SPACES_SHARED; turn++) {
		__u32 space = candidate(turn);
		struct chain *chain = chain_at(space);

		if (chain && !*(volatile __u64 *)&chain->owner && replace(&chain->owner, 0, (__u64)ctx)) {
			chain->space = space;
			return chain;
		}
	}
	drop(DROP_SCRATCH_FULL);
	return NULL;
}

static __always_inline struct chain *claimed_by(void *ctx)
{
	for (int turn = 0; turn <= SPACES_SHARED; turn++) {
		struct chain *chain = chain_at(candidate(turn));

		if (chain && *(volatile __u64 *)&chain->owner == (__u64)ctx)
			return chain;
	}
	return NULL;
}

static __always_inline void give_back(struct chain *chain)
{
	*(volatile __u64 *)&chain->owner = 0;
}

#else

static __always_inline void give_back(struct chain *chain)
{
}

#endif

#endif
