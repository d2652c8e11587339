/**
 * A real Kubernetes control plane for integration tests. Test code only: nothing that is shipped
 * depends on it.
 */
@NullMarked
package dev.skep.cluster;

import org.jspecify.annotations.NullMarked;
