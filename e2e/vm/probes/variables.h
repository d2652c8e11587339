/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the probes and their loader share: the only uninitialised global of the object. */
#ifndef VARIABLES_H
#define VARIABLES_H

#include <linux/types.h>

struct variables {
	__u64 hits; /* how often the program did its work */
	__u64 counted; /* by some probes */
	__u64 calls; /* of the probes of tail calls */
	int prober; /* the loader's process: programs that would hit others ask first */
};

#endif
