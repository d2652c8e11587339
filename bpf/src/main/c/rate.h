/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Equal events are told once in a time, where a selector asks for that. Equal are those of one hook and selector whose arguments are the same, byte for byte,
 * of the thread, the process or anybody. They are told apart by SipHash-1-3 with a key that the agent draws: who is watched could make two events equal to
 * any simpler one, and so hide the second.
 */
#ifndef SKEP_RATE_H
#define SKEP_RATE_H

#include "chain.h"
#include "maps.h"
#include "oldest.h"

#define NS_IN_S 1000000000ULL

struct sip {
	__u64 v0, v1, v2, v3;
	__u32 at; /* in the record buffer, a multiple of 8 */
	__u32 end;
	__u32 space; /* whose record buffer */
	__u32 padding;
};

#define ROTATE(word, by) ((word) << (by) | (word) >> (64 - (by)))

static __always_inline void sip_round(struct sip *sip)
{
	sip->v0 += sip->v1;
	sip->v1 = ROTATE(sip->v1, 13) ^ sip->v0;
	sip->v0 = ROTATE(sip->v0, 32);
	sip->v2 += sip->v3;
	sip->v3 = ROTATE(sip->v3, 16) ^ sip->v2;
	sip->v0 += sip->v3;
	sip->v3 = ROTATE(sip->v3, 21) ^ sip->v0;
	sip->v2 += sip->v1;
	sip->v1 = ROTATE(sip->v1, 17) ^ sip->v2;
	sip->v2 = ROTATE(sip->v2, 32);
}

static __always_inline void sip_word(struct sip *sip, __u64 word)
{
	sip->v3 ^= word;
	sip_round(sip);
	sip->v0 ^= word;
}

static long sip_turn(__u64 turn, struct sip *sip)
{
	__u32 space = sip->space;
	struct record_buffer *buffer = bpf_map_lookup_elem(&record_buffers, &space);

	if (!buffer || sip->at >= sip->end)
		return 1;
	sip_word(sip, *(__u64 *)(buffer->bytes + (sip->at & (RECORD_BUFFER_BYTES - 8))));
	sip->at += 8;
	return 0;
}

/* Of the record buffer's bytes; both bounds are multiples of 8. */
static __noinline __u64 sip_hash(__u32 space, __u32 at, __u32 end, __u64 key0, __u64 key1)
{
	struct sip sip = {
		.v0 = key0 ^ 0x736f6d6570736575,
		.v1 = key1 ^ 0x646f72616e646f6d,
		.v2 = key0 ^ 0x6c7967656e657261,
		.v3 = key1 ^ 0x7465646279746573,
		.at = at,
		.end = end,
		.space = space,
	};

	bpf_loop(RECORD_BUFFER_BYTES / 8, sip_turn, &sip, 0);
	sip_word(&sip, (__u64)(end - at) << 56);
	sip.v2 ^= 0xff;
	sip_round(&sip);
	sip_round(&sip);
	sip_round(&sip);
	return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

/* False: this event is to be told, and the next equal ones are not. Of many CPUs that ask at once one is told so. */
static __always_inline bool was_told(struct rate_key *key, __u64 now, __u64 span)
{
	__u64 *told = bpf_map_lookup_elem(&rates, key), before;

	if (!told) {
		if (!bpf_map_update_elem(&rates, key, &now, BPF_NOEXIST))
			return false;
		told = bpf_map_lookup_elem(&rates, key);
		if (!told)
			return false;
	}
	before = *(volatile __u64 *)told;
	if ((__s64)(now - before) < (__s64)span)
		return true;
	return !replace(told, before, now);
}

#endif
