/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hooks that one call meets, of the system or of a function of the kernel, run one after the other: each is a program of its own and calls the next (a tail call never
 * comes back). The order is that of the slots.
 */
#ifndef SKEP_CHAIN_H
#define SKEP_CHAIN_H

#include "maps.h"
#include "claim.h"

/* Of the run of a chain that has this context. */
static __always_inline struct chain *this_chain(void *ctx)
{
#ifdef SKEP_CLAIMED
	return claimed_by(ctx);
#else
	__u32 space = SCRATCH;

	return bpf_map_lookup_elem(&chains, &space);
#endif
}

/* When the call began; the same for all its hooks. Asked only for what is reported: the clock costs 20 ns. */
static __always_inline __u64 time_of(struct chain *chain)
{
	if (!chain->time)
		chain->time = bpf_ktime_get_boot_ns();
	return chain->time;
}

/*
 * Number of the lowest bit set; `bits` is not 0. The BPF machine has no instruction for it: this counts the ones below, without a
 * branch, for each branch would double the verifier's work.
 */
static __always_inline __u32 lowest_bit(__u64 bits)
{
	bits = (bits - 1) & ~bits;
	bits -= bits >> 1 & 0x5555555555555555;
	bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return bits * 0x0101010101010101 >> 56;
}

/* The same where it is the number of a word of hooks. The compiler knows that it is below 64, and would leave the bound out, but the verifier does not know. */
static __always_inline __u32 lowest_word(__u64 words)
{
	__u32 word = lowest_bit(words);

	__asm__ volatile("%0 &= %1" : "+r"(word) : "i"(HOOK_WORDS - 1));
	return word;
}

/* Whether any hook is in both. */
static __always_inline bool any_hook(__u32 words, struct hook_bits *watching, struct hook_bits *in_scope)
{
	for (int turn = 0; turn < HOOK_WORDS && words; turn++) {
		__u32 word = lowest_word(words);

		if (watching->words[word] & in_scope->words[word])
			return true;
		words &= words - 1;
	}
	return false;
}

/* The chain gets the hooks that are in both; `words` says which words of them are worth a look. */
static __always_inline void begin_chain(struct chain *chain, __u64 words, struct hook_bits *watching, struct hook_bits *in_scope)
{
	chain->pending = 0;
	for (int turn = 0; turn < HOOK_WORDS && words; turn++) {
		__u32 word = lowest_word(words);
		__u64 bits = watching->words[word] & in_scope->words[word];

		words &= words - 1;
		chain->words[word] = bits;
		if (bits)
			chain->pending |= 1ULL << word;
	}
}

/* Takes the lowest hook out of the chain; HOOKS_MAX if there is none. */
static __always_inline __u32 take_hook(struct chain *chain)
{
	__u32 word, slot;
	__u64 bits;

	if (!chain->pending)
		return HOOKS_MAX;
	word = lowest_word(chain->pending);
	bits = chain->words[word];
	if (!bits)
		return HOOKS_MAX;
	slot = word * 64 + lowest_bit(bits);
	bits &= bits - 1;
	chain->words[word] = bits;
	if (!bits)
		chain->pending &= chain->pending - 1;
	return slot;
}

/* What the last program of a chain returns. */
static __always_inline int verdict_of(struct chain *chain)
{
#ifdef SKEP_LSM
	__s32 verdict = chain->verdict;

	return verdict < 0 && verdict >= -ERRNO_MAX ? verdict : 0; /* the kernel takes nothing else */
#else
	return 0;
#endif
}

/* Goes on with the next hook, and comes back only when there is none: with what to return. A slot that holds no program is passed over and counted. */
static __always_inline int next_hook(void *ctx, struct chain *chain, void *programs)
{
	int verdict;

	for (int turn = 0; turn < CHAIN_MAX; turn++) {
		__u32 slot = take_hook(chain);

		if (slot >= HOOKS_MAX)
			break;
		bpf_tail_call(ctx, programs, slot);
		drop(DROP_CHAIN_CUT);
	}
	verdict = verdict_of(chain);
	give_back(chain);
	return verdict;
}

#endif
