/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How cgroups of the unified hierarchy come and go: a new one has the cover of its parent, and the agent is told. */
#ifndef SKEP_CGROUP_H
#define SKEP_CGROUP_H

#include <bpf/bpf_core_read.h>
#include "cover.h"
#include "maps.h"
#include "task.h"

/* The tracepoints tell of every hierarchy; those of the first version have numbers from 1 on. */
static __always_inline bool is_unified(struct cgroup *cgroup)
{
	return cgroup->root->hierarchy_id == 0;
}

static __always_inline __u64 parent_of(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, self.parent, cgroup, kn, id);
}

static __always_inline void inherit_cover(struct cgroup *cgroup)
{
	struct cgroup_cover inherited = {.cgroup = cgroup->kn->id};
	__u32 none = COVERS_MAX;

	inherited.cover = own_cover(parent_of(cgroup), none);
	if (inherited.cover != none && bpf_map_update_elem(&cgroup_covers, &inherited.cgroup, &inherited, BPF_ANY))
		drop(DROP_COVER_MAP_FULL);
}

static __always_inline void send_cgroup(enum record_kind kind, struct cgroup *cgroup, const char *path)
{
	__u32 zero = 0, size = sizeof(struct cgroup_record);
	struct record_buffer *buffer = bpf_map_lookup_elem(&record_buffers, &zero);
	struct task_struct *task = current_task();
	struct cgroup_record *record;
	long read;

	if (!buffer)
		return;
	record = &buffer->cgroup;
	record->cgroup = cgroup->kn->id;
	record->parent = parent_of(cgroup);
	record->level = cgroup->level;
	record->path_size = 0;
	if (path) {
		read = bpf_probe_read_kernel_str(buffer->bytes + sizeof(*record), CGROUP_PATH_BYTES, path);
		if (read > 0 && read <= CGROUP_PATH_BYTES) {
			record->path_size = read - 1;
			size += read;
		}
	}
	fill_header(&record->header, kind, size, bpf_ktime_get_boot_ns(), task, KNOWS_CURRENT, began_of(task, KNOWS_CURRENT));
	if (bpf_ringbuf_output(&events, buffer, bounded(size), 0))
		drop(DROP_RING_CGROUP);
}

#endif
