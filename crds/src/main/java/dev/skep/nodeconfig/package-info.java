/** What the operator tells a node: the contents of its ConfigMap, written and read here. Pure. */
@NullMarked
package dev.skep.nodeconfig;

import org.jspecify.annotations.NullMarked;
