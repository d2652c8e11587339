/** From kernel records to events and violations. Pure but for the clock that it is given. */
@NullMarked
package dev.skep.agent.event;

import org.jspecify.annotations.NullMarked;
