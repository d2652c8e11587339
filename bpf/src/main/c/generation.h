/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A restarted agent attaches its programs beside those of its predecessor, then makes them the active ones by one integer, then
 * detaches the old: at each moment one set acts, and nothing is counted twice.
 */
#ifndef SKEP_GENERATION_H
#define SKEP_GENERATION_H

#include "maps.h"

const volatile __u32 generation; /* set before load */

static __always_inline bool is_active_generation(void)
{
	__u32 zero = 0, *active = bpf_map_lookup_elem(&active_generation, &zero);

	return active && *active == generation;
}

#endif
