/** The structs that kernel programs and agent share, as shared.h has them. */
@NullMarked
package dev.skep.bpf.layout;

import org.jspecify.annotations.NullMarked;
