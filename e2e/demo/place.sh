# shellcheck shell=bash disable=SC2034
# Where the demo's cluster lives; sourced by up, down and demo.
# SKEP_STATE     its state, logs and kubeconfigs (default: the user's state folder): one demo each
# SKEP_BPF_DIR   where its agent pins its programs (default: /sys/fs/bpf/skep)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
dir=${SKEP_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/skep}
pins=${SKEP_BPF_DIR:-/sys/fs/bpf/skep}
export CLUSTER_DIR=$dir/cluster
export KUBECONFIG=$CLUSTER_DIR/admin.kubeconfig
cluster=$root/e2e/cluster/cluster

say() { printf '%s\n' "$*" >&2; }
# shellcheck source=e2e/cluster/processes.sh
source "$root/e2e/cluster/processes.sh"
kubectl() { "$("$root/e2e/cluster/build-control-plane" kubectl)/kubectl" "$@"; }
fail() { say "$@"; exit 1; }
alone() { # one up or down of this place at a time
    mkdir -p "$dir"
    exec 7>"$dir/lock"
    flock 7
}
