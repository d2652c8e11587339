/** What each node is told: nodes and policies in, the contents of a ConfigMap out. Pure. */
@NullMarked
package dev.skep.operator.plan;

import org.jspecify.annotations.NullMarked;
