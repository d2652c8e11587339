@NullMarked
package dev.skep.agent.explain;

import org.jspecify.annotations.NullMarked;
