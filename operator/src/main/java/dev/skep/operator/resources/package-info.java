/** Kubernetes objects as the operator reads them. */
@NullMarked
package dev.skep.operator.resources;

import org.jspecify.annotations.NullMarked;
