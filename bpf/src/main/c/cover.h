/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which cover a cgroup has: what says which policies act in it. */
#ifndef SKEP_COVER_H
#define SKEP_COVER_H

#include "maps.h"

#define COVER_LOOKS 4

/*
 * The agent replaces an entry by another one, and the kernel may give the memory of the old one to another cgroup's entry at once, while a program still
 * has it in hand. So an entry says whose it is: the agent writes that before the cover (in the order of the struct), and here it is read after.
 */
static __always_inline __u32 own_cover(__u64 cgroup, __u32 others)
{
	for (int look = 0; look < COVER_LOOKS; look++) {
		struct cgroup_cover *found = bpf_map_lookup_elem(&cgroup_covers, &cgroup);
		__u32 cover;

		if (!found)
			return others;
		cover = *(volatile __u32 *)&found->cover;
		if (*(volatile __u64 *)&found->cgroup == cgroup)
			return cover;
	}
	return others;
}

static __always_inline struct cover_counters *cover_counters_of(__u64 cgroup)
{
	__u32 zero = 0, cover;
	struct covering *known = bpf_map_lookup_elem(&covering, &zero);

	if (!known)
		return NULL;
	cover = known->any ? own_cover(cgroup, known->others) : known->others;
	return bpf_map_lookup_elem(&cover_counters, &cover);
}

#endif
