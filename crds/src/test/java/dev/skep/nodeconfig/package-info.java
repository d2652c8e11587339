@NullMarked
package dev.skep.nodeconfig;

import org.jspecify.annotations.NullMarked;
