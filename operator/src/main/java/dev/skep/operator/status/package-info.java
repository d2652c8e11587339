/** What the user is told of a policy. Pure. */
@NullMarked
package dev.skep.operator.status;

import org.jspecify.annotations.NullMarked;
