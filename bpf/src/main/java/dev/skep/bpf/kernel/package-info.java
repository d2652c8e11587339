/** Skep's part of the node's kernel: loaded, pinned, taken over, read back, removed. */
@NullMarked
package dev.skep.bpf.kernel;

import org.jspecify.annotations.NullMarked;
