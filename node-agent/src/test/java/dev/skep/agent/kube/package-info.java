@NullMarked
package dev.skep.agent.kube;

import org.jspecify.annotations.NullMarked;
