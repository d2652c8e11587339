/** What the nodes have told, kept by policy, with the totals of those that are gone. Pure. */
@NullMarked
package dev.skep.operator.observed;

import org.jspecify.annotations.NullMarked;
