/** Writes each node's ConfigMap. */
@NullMarked
package dev.skep.operator.nodes;

import org.jspecify.annotations.NullMarked;
