@NullMarked
package dev.skep.agent;

import org.jspecify.annotations.NullMarked;
