@NullMarked
package dev.skep.agent.policy;

import org.jspecify.annotations.NullMarked;
