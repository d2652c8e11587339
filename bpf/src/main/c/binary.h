/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The path of an executable as key of prefix and postfix tries. */
#ifndef SKEP_BINARY_H
#define SKEP_BINARY_H

#include "maps.h"

/* shared.h: a process_value has from binary_size on what a binary_value has. */
static __always_inline struct binary_value *binary_of(struct process_value *process)
{
	return process ? (struct binary_value *)&process->binary_size : NULL;
}

/* Of a path that is too long for the process map only its beginning counts. */
static __always_inline void fill_prefix_key(struct prefix_key *key, struct binary_value *binary)
{
	key->bits = 8 * (binary->size < BINARY_BYTES ? binary->size : BINARY_END_BYTES);
	bpf_probe_read_kernel(key->text, BINARY_BYTES, binary->binary);
}

static __always_inline void fill_postfix_key(struct postfix_key *key, struct binary_value *binary)
{
	__u32 size = binary->size, end = size < BINARY_BYTES ? size : BINARY_BYTES;

	key->bits = 8 * (end < POSTFIX_BYTES ? end : POSTFIX_BYTES);
	for (__u32 i = 0; i < POSTFIX_BYTES; i++) {
		__u32 from = end - 1 - i;

		if (from >= BINARY_BYTES)
			break;
		key->text[i] = binary->binary[from];
	}
}

#endif
