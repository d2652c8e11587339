// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Loaded, never attached: whether the kernel lets a program replace what system calls return. */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>

SEC("fmod_ret/__x64_sys_mkdir")
long probe_syscall(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
