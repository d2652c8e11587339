/** The kernel programs and their typed face: the only room that calls native code. */
@NullMarked
package dev.skep.bpf;

import org.jspecify.annotations.NullMarked;
