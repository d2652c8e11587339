/** The Kubernetes API, version v1alpha1: the wire form of spec and status, all of it optional. */
@NullMarked
package dev.skep.crds.v1alpha1;

import org.jspecify.annotations.NullMarked;
