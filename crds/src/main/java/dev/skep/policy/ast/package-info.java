/**
 * A policy as its file says it, read whole: every value that exists is legal for its place. What a
 * kernel or this version of Skep makes of it is another question.
 */
@NullMarked
package dev.skep.policy.ast;

import org.jspecify.annotations.NullMarked;
