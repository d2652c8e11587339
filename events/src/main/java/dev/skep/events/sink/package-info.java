/** Where encoded events go. */
@NullMarked
package dev.skep.events.sink;

import org.jspecify.annotations.NullMarked;
