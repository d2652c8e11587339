/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Each fork, exec and exit is counted for its cgroup, whatever happens to its record. Where the agent set a limit a cgroup has no more than so many
 * forks and execs told in an interval, over all CPUs; what goes beyond is counted as suppressed.
 */
#ifndef SKEP_COUNTERS_H
#define SKEP_COUNTERS_H

#include "maps.h"
#include "oldest.h"
#include "task.h"

#define WINDOW_TURNS 32 /* each turn that fails is one that another CPU won */

const volatile struct process_limits limits; /* set before load */

static __always_inline struct process_counters *counters_of(__u64 cgroup)
{
	struct process_counters none = {};
	struct process_counters *counters = bpf_map_lookup_elem(&cgroup_counters, &cgroup);
	__u64 rest = 0;

	if (counters)
		return counters;
	bpf_map_update_elem(&cgroup_counters, &cgroup, &none, BPF_NOEXIST);
	counters = bpf_map_lookup_elem(&cgroup_counters, &cgroup);
	if (counters)
		return counters;
	/* Full. The node's sums stay exact: key 0 is counted too, and made by the agent before anything is attached. */
	drop(DROP_CGROUP_MAP_FULL);
	return bpf_map_lookup_elem(&cgroup_counters, &rest);
}

/* Takes one of the events that the cgroup may still tell in this interval. A CPU whose clock is a little behind counts for the interval that is on. */
static __always_inline bool take_turn(struct process_counters *counters, __u64 now)
{
	__u64 window = now / limits.throttle_interval;

	for (int turn = 0; turn < WINDOW_TURNS; turn++) {
		__u64 before = *(volatile __u64 *)&counters->window, told = before & THROTTLE_EVENTS_MAX;
		__u64 current = before >> THROTTLE_COUNT_BITS;

		if (window > current) {
			current = window;
			told = 0;
		}
		if (told >= limits.throttle_events)
			return false;
		if (replace(&counters->window, before, current << THROTTLE_COUNT_BITS | (told + 1)))
			return true;
	}
	return false;
}

static __always_inline void send_throttle(__u64 cgroup, __u64 now, struct task_struct *task, bool known, __u64 began)
{
	struct throttle_record record = {};

	fill_header(&record.header, RECORD_THROTTLE, sizeof(record), now, task, known, began);
	if (bpf_ringbuf_output(&events, &record, sizeof(record), 0))
		drop(DROP_RING_THROTTLE);
}

/* Whether a fork or an exec may be told. */
static __always_inline bool is_told(struct process_counters *counters, __u64 cgroup, __u64 now, struct task_struct *task, bool known, __u64 began)
{
	struct throttle_value first = {.last = now, .suppressed = 1}, *throttle;
	long failure;

	if (!limits.throttle_events || !counters || take_turn(counters, now))
		return true;
	__sync_fetch_and_add(&counters->suppressed, 1);
	throttle = bpf_map_lookup_elem(&throttled, &cgroup);
	if (!throttle) {
		failure = bpf_map_update_elem(&throttled, &cgroup, &first, BPF_NOEXIST);
		if (!failure) {
			send_throttle(cgroup, now, task, known, began);
			return false;
		}
		throttle = bpf_map_lookup_elem(&throttled, &cgroup);
		if (!throttle) {
			drop(DROP_THROTTLE_MAP_FULL);
			return false;
		}
	}
	throttle->last = now;
	__sync_fetch_and_add(&throttle->suppressed, 1);
	return false;
}

#endif
