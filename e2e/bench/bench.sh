# shellcheck shell=bash
# What the benchmarks share: sourced by them. Each has a folder of its own, an agent with pins of its own, and leaves nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rounds=${BENCH_ROUNDS:-9}
export LC_ALL=C # a point, not a comma, before fractions
say() { printf '%s\n' "$*" >&2; }
fail() { say "bench: $*"; exit 1; }

((EUID == 0)) || fail "the agent loads BPF programs, which needs root"
[[ -e /sys/kernel/btf/vmlinux ]] || fail "this kernel has no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF): the agent cannot run"
[[ -x $root/target/bin/skep-agent ]] || fail "make build first"
[[ ! -e /sys/fs/bpf/skep ]] || fail "an agent's programs are attached (/sys/fs/bpf/skep): without them there would be nothing to compare with. make down first"
compiler=$(command -v gcc || command -v clang || command -v clang-19) || fail "no C compiler: gcc or clang"

others=$(compgen -G '/sys/fs/bpf/skep*' | tr '\n' ' ' || true) # say, of tests
dir=$(mktemp -d)
pins=/sys/fs/bpf/skep-bench-$$
agent=$root/target/bin/skep-agent
export=$dir/events.json
# shellcheck disable=SC2034 # of those who source this
results=$dir/results
# shellcheck source=e2e/cluster/processes.sh
source "$root/e2e/cluster/processes.sh"
end_agent() { stop agent 20 2>/dev/null; }
clean() {
    end_agent
    "$agent" cleanup --bpf-dir "$pins" >/dev/null || say "bench: cleaning $pins failed"
    rm -rf "$dir"
}
trap clean EXIT

"$compiler" -O2 -Wall -Werror -o "$dir/load" "$root/e2e/bench/load.c"
"$compiler" -O2 -static -nostdlib -o "$dir/nothing" "$root/e2e/bench/nothing.c"

# The load has the last CPU, and a real-time class where that is allowed, so that others seldom preempt it.
alone=(taskset -c "$(($(nproc) - 1))")
chrt -r 10 true 2>/dev/null && alone+=(chrt -r 10)
load() { "${alone[@]}" "$dir/load" "$@"; }

# One file, not several that are rotated, is easier to count in.
one_file=(--export-file-max-size-mb 16384)
start_agent() { # options...: events go to $export unless the options say otherwise
    rm -f "$export"
    launch agent "$agent" run --bpf-dir "$pins" --on-exit detach --export-filename "$export" "${one_file[@]}" "$@"
}
is_ready() { grep -q ready: "$dir/agent.log"; }
cpu_nanos() { # pids...: their threads' so far
    local pid files=()
    for pid; do files+=("/proc/$pid/task/"*/schedstat); done
    cat "${files[@]}" 2>/dev/null | awk '{sum += $1} END {printf "%.0f", sum}'
}
agent_cpu() { cpu_nanos "$(process_id agent)"; }
memory() { awk '/^Rss:/ {rss = $2} /^Anonymous:/ {anon = $2} END {printf "%.0f (%.0f)", rss / 1024, anon / 1024}' "/proc/$(process_id agent)/smaps_rollup"; }
machine() {
    echo "Linux $(uname -r), $(nproc) CPUs ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)), load $(cut -d' ' -f1-3 /proc/loadavg), $(date -u +%F), commit $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown), $rounds rounds.${others:+ Other agents were at work at the start, so the ratios are too low: $others}"
}
# Of the numbers on standard input: "MEDIAN LOWEST HIGHEST".
spread() { sort -n | awk '{v[NR] = $1} END {if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[1], v[NR]}'; }
