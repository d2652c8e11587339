/** Which pods and containers the node's cgroups are, and which policies cover them. Pure. */
@NullMarked
package dev.skep.agent.pod;

import org.jspecify.annotations.NullMarked;
