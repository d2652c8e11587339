/** Brings the kernel to what is wanted and tells what it holds. */
@NullMarked
package dev.skep.agent.policy;

import org.jspecify.annotations.NullMarked;
