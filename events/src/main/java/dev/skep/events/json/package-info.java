/** Events as JSON lines. */
@NullMarked
package dev.skep.events.json;

import org.jspecify.annotations.NullMarked;
