// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Carries out what hooks on a function decided: it returns an error instead of doing its work. Loaded once for each function that has such hooks, which
 * are kprobes, or programs on sys_enter where the function is a system call, and so have run in the same thread just before. One of the two ways: fmod_ret comes right after them, but is passed over where another
 * thread was stopped in the middle of it on that CPU; a program on the LSM hook is not, but comes after the other security modules.
 */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include "maps.h"
#include "view.h"

const volatile __u32 point; /* set before load */

static __always_inline int verdict(void)
{
	struct verdict_key key = {.tid = bpf_get_current_pid_tgid(), .point = point};
	__s32 *error, decided;

	if (!is_in_node(bpf_get_current_task_btf()))
		return 0;
	error = bpf_map_lookup_elem(&verdicts, &key);
	if (!error)
		return 0;
	decided = *error;
	bpf_map_delete_elem(&verdicts, &key);
	return decided >= -ERRNO_MAX && decided <= ERRNO_MAX ? decided : 0;
}

SEC("fmod_ret/security_file_open") /* or where the loader says */
long override_return(void *ctx) /* as wide as any function returns: of an int the upper half would be 0 */
{
	return verdict();
}

/* The kernel takes no positive values here; the loader sees to it that there are none. */
SEC("lsm/file_open")
int override_lsm(void *ctx)
{
	int error = verdict();

	return error < 0 && error >= -ERRNO_MAX ? error : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
