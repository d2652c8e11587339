@NullMarked
package dev.skep.operator;

import org.jspecify.annotations.NullMarked;
