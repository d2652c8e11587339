/** What a policy would become on a machine, in words. Pure. */
@NullMarked
package dev.skep.agent.explain;

import org.jspecify.annotations.NullMarked;
