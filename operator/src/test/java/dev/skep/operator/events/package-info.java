@NullMarked
package dev.skep.operator.events;

import org.jspecify.annotations.NullMarked;
