/** What the agent tells about processes. */
@NullMarked
package dev.skep.events;

import org.jspecify.annotations.NullMarked;
