/** The ring of records: the structs of shared.h, the decoder, and the reader of the mapping. */
@NullMarked
package dev.skep.bpf.ring;

import org.jspecify.annotations.NullMarked;
