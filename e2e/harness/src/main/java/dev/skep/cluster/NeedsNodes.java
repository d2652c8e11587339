package dev.skep.cluster;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * The test stops nodes or what runs on them, or looks at them from outside: they are containers
 * that e2e/kind made. In somebody's cluster ({@code KUBECONFIG}) e2e/kind/e2e leaves it out and
 * says so.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("nodes")
public @interface NeedsNodes {}
