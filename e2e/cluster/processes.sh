# shellcheck shell=bash disable=SC2154
# Background processes with a memory: sourced by `cluster` and by the demo. A process is known by its id, its start time and the boot it was
# started in, so that a recycled id is never taken for it, and never killed.
# Needs $dir, the folder of the records and logs.

identity() { # pid: start time and boot; nothing if there is no such process
    local stat
    read -r stat <"/proc/$1/stat" || return 1
    read -ra stat <<<"${stat##*) }"
    [[ ${stat[0]} != [ZX] ]] || return 1
    echo "${stat[19]} $(</proc/sys/kernel/random/boot_id)"
} 2>/dev/null
process_id() { # name: its pid, if it runs
    local pid known
    [[ -f $dir/$1.pid ]] && read -r pid known <"$dir/$1.pid" && [[ $known == "$(identity "$pid")" ]] && echo "$pid"
}
running() { process_id "$1" >/dev/null; }
launch() { # name program arguments...: detached, with its own log, and without any open file of ours (locks, pipes of a test)
    local name=$1 pid; shift
    (
        for file in "/proc/$BASHPID/fd"/*; do
            file=${file##*/}
            if ((file > 2)); then exec {file}>&-; fi
        done
        exec setsid "$@"
    ) >>"$dir/$name.log" 2>&1 </dev/null &
    pid=$!
    echo "$pid $(identity "$pid")" >"$dir/$name.pid"
}
wait_for() { # name seconds command...: until the command succeeds; shows the log if the process ends or time is up
    local name=$1 seconds=$2 deadline=$((SECONDS + $2)); shift 2
    until "$@" >/dev/null 2>&1; do
        if ! running "$name"; then say "$name ended; its last lines ($dir/$name.log):"; tail -15 "$dir/$name.log" >&2; return 1; fi
        if ((SECONDS > deadline)); then say "$name is not ready after $seconds s; its last lines ($dir/$name.log):"; tail -15 "$dir/$name.log" >&2; return 1; fi
        sleep "${pause:-0.05}" # a kubectl costs 50 ms of a processor
    done
}
stop() { # name [seconds]: asks it to end, and after that time ends it
    local name=$1 pid tries=$((${2:-10} * 20))
    if pid=$(process_id "$name"); then
        kill "$pid"
        while running "$name" && ((tries-- > 0)); do sleep 0.05; done
        if running "$name"; then kill -9 "$pid"; while running "$name"; do sleep 0.05; done; fi
        say "$name: stopped"
    fi
    rm -f "$dir/$name.pid"
}
