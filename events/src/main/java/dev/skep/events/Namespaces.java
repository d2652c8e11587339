package dev.skep.events;

/** All namespaces of a process. Those for children are the ones that its next child will be in. */
public record Namespaces(
    Namespace uts,
    Namespace ipc,
    Namespace mnt,
    Namespace pid,
    Namespace pidForChildren,
    Namespace net,
    Namespace time,
    Namespace timeForChildren,
    Namespace cgroup,
    Namespace user) {}
