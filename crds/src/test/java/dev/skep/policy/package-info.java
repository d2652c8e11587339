@NullMarked
package dev.skep.policy;

import org.jspecify.annotations.NullMarked;
