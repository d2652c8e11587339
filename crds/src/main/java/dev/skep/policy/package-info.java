/**
 * The policy language: parse, validate with field paths, normalise to a total, sealed tree. Pure.
 */
@NullMarked
package dev.skep.policy;

import org.jspecify.annotations.NullMarked;
