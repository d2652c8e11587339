@NullMarked
package dev.skep.crds.v1alpha1;

import org.jspecify.annotations.NullMarked;
