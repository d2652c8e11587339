@NullMarked
package dev.skep.operator.observed;

import org.jspecify.annotations.NullMarked;
