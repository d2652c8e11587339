@NullMarked
package dev.skep.agent.options;

import org.jspecify.annotations.NullMarked;
