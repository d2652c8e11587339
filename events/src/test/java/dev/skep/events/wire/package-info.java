/** The wire format, held against its facts. */
@NullMarked
package dev.skep.events.wire;

import org.jspecify.annotations.NullMarked;
