package dev.skep.cluster;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * The test looks at the container images that {@code make images} built. {@code make test} builds
 * them before; where they cannot be built it leaves the test out and says so.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("images")
public @interface NeedsImages {}
