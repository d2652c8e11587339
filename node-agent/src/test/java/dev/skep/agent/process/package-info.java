@NullMarked
package dev.skep.agent.process;

import org.jspecify.annotations.NullMarked;
