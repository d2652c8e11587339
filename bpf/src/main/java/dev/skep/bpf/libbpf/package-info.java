/**
 * libbpf and the few calls of libc that go with it, by {@code java.lang.foreign}. Nothing here
 * knows what Skep uses them for.
 */
@NullMarked
package dev.skep.bpf.libbpf;

import org.jspecify.annotations.NullMarked;
