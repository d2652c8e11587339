@NullMarked
package dev.skep.agent.event;

import org.jspecify.annotations.NullMarked;
