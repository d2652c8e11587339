/** The kernel programs on this machine's kernel, asked through {@link dev.skep.bpf.SkepKernel}. */
@NullMarked
package dev.skep.bpf.programs;

import org.jspecify.annotations.NullMarked;
