# shellcheck shell=bash disable=SC2034
# Which cluster, which Docker, which folders; sourced by the scripts beside it.
# SKEP_KIND        the cluster's name (default: skep): any number side by side
# SKEP_KUBERNETES  its version (default: 1.37). Written, but not run yet: 1.33, and 1.32 where its image can be pulled (not all Go modules of 1.32 are served)
# DOCKER_HOST      a Docker daemon; without it the one that answers by default, and without that one of our own (`docker-daemon`)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
name=${SKEP_KIND:-skep}
kubernetes=${SKEP_KUBERNETES:-1.37}
cache=${SKEP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/skep}/kind
kubeconfig=$root/target/kind/$name/kubeconfig
own=/run/skep-kind            # our own Docker daemon, one a machine
own_address=198.18.53         # .1 is this machine, .2 is where its clusters' APIs are (addresses that RFC 2544 keeps for tests)
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'kind: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
[[ $name =~ ^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$ ]] || fail "SKEP_KIND=$name is no name for a cluster: small letters, digits and hyphens, 32 at most"

find_docker() { # sets DOCKER_HOST if our own daemon is the one
    if docker version >/dev/null 2>&1; then return; fi
    if [[ -n ${DOCKER_HOST:-} && $DOCKER_HOST != "unix://$own/sock" ]]; then
        fail "DOCKER_HOST=$DOCKER_HOST does not answer: start that daemon, or unset DOCKER_HOST to have one started here ($(docker version 2>&1 | tail -1))"
    fi
    export DOCKER_HOST=unix://$own/sock
}
own_docker() { [[ ${DOCKER_HOST:-} == "unix://$own/sock" ]]; }
program() { # name: the one built here, if it is there already; else that on PATH; else it is built
    "$root/e2e/cluster/build-control-plane" --check --own "$1" 2>/dev/null | sed "s|$|/$1|" || type -P "$1" || "$root/e2e/cluster/build-control-plane" --own "$1" | sed "s|$|/$1|"
}
kind() { # in the network of our own daemon, where that is used: kind looks there for a free port
    local kind
    kind=$(program kind)
    if own_docker && [[ -e $own/net ]]; then nsenter --net="$own/net" "$kind" "$@"; else "$kind" "$@"; fi
}
kubectl() { "$(program kubectl)" --kubeconfig "$kubeconfig" "$@"; }
nodes() { docker ps --all --filter "label=io.x-k8s.kind.cluster=$name" --format '{{.Names}}' | sort; }
