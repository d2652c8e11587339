@NullMarked
package dev.skep.operator.plan;

import org.jspecify.annotations.NullMarked;
