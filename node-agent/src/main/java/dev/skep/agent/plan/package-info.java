/** From a policy's tree to what the kernel shall hold. Pure. */
@NullMarked
package dev.skep.agent.plan;

import org.jspecify.annotations.NullMarked;
