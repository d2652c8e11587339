@NullMarked
package dev.skep.operator.status;

import org.jspecify.annotations.NullMarked;
