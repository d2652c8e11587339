@NullMarked
package dev.skep.agent.pod;

import org.jspecify.annotations.NullMarked;
