/** Tells violations as Kubernetes Events of the pods that they happened in. */
@NullMarked
package dev.skep.operator.events;

import org.jspecify.annotations.NullMarked;
