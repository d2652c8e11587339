/** The API server, as one node's agent sees it. */
@NullMarked
package dev.skep.agent.kube;

import org.jspecify.annotations.NullMarked;
