/**
 * What the agent tells about processes: plain immutable values, as wide as the sensors fill them.
 * The wire forms of them are made by the encoders beside this package.
 */
@NullMarked
package dev.skep.events;

import org.jspecify.annotations.NullMarked;
