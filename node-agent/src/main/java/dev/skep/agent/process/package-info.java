/** What the agent knows of processes, from the kernel's records. Pure. */
@NullMarked
package dev.skep.agent.process;

import org.jspecify.annotations.NullMarked;
