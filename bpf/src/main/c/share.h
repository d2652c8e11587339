/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A policy's share of the ring: it may have as many bytes there unread as the ring has free. One that floods it gets half, n of them 1 / (n + 1) each; what is
 * left is for the others and for the life of processes, which has no limit. Nobody waits: what a record takes is added before it is known to fit.
 */
#ifndef SKEP_SHARE_H
#define SKEP_SHARE_H

#include "maps.h"

#define RING_HEADER_BYTES 8 /* the kernel's own, before each record */

enum sending {
	SENT,
	LOST, /* the ring was full, or the policy had its share of it */
	LIMITED,
};

/* `size`: a multiple of 8. */
static __always_inline enum sending send_in_share(void *record, __u32 size, __u32 share)
{
	__u64 *written = bpf_map_lookup_elem(&ring_written, &share);
	volatile __u64 *read = bpf_map_lookup_elem(&ring_read, &share);
	__u64 bytes = size + RING_HEADER_BYTES;
	__s64 unread, free;

	if (!written || !read)
		return LOST;
	free = bpf_ringbuf_query(&events, BPF_RB_RING_SIZE) - bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	unread = __sync_fetch_and_add(written, bytes) - *read;
	if (unread + (__s64)bytes > free)
		drop(DROP_RING_SHARE);
	else if (bpf_ringbuf_output(&events, record, size, 0))
		drop(DROP_RING_HOOK);
	else
		return SENT;
	__sync_fetch_and_sub(written, bytes);
	return LOST;
}

#endif
