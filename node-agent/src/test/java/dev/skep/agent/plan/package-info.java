@NullMarked
package dev.skep.agent.plan;

import org.jspecify.annotations.NullMarked;
