/** Skep as its users run it: every program a process of its own, every answer asked of kubectl. */
@NullMarked
package dev.skep.e2e;

import org.jspecify.annotations.NullMarked;
