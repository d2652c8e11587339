# shellcheck shell=bash
# Sourced by kind's entrypoint of a node, just before it looks at the cgroups.

# On a machine with both cgroup v1 and v2 a container sees v1 only. With its part of v2 beside it, systemd makes every scope there too, and
# bpf_get_current_cgroup_id() tells containers apart. (In a private cgroup namespace, which kind asks for.)
if [[ ! -f /sys/fs/cgroup/cgroup.controllers ]] && grep -q '^0::/$' /proc/self/cgroup; then
    mkdir -p /sys/fs/cgroup/unified
    mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
fi

# A bpffs of the node's own: pins of its agents don't meet those of other nodes, and go with it.
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf

# The kubelet sets these for the whole machine, and ends if it cannot. It finds files that say already what it wants; the kernel's own stay as they are.
mkdir -p /kind/sysctl
while read -r setting value; do
    echo "$value" >"/kind/sysctl/${setting//\//.}"
    mount --bind "/kind/sysctl/${setting//\//.}" "/proc/sys/$setting"
done <<END
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END
