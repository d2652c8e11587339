/** Events as JSON lines, held against protobuf's own. */
@NullMarked
package dev.skep.events.json;

import org.jspecify.annotations.NullMarked;
