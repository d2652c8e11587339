package dev.skep.crds.v1alpha1;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A text that is one of a closed set of words. An enum in the schema, but text in Java, so that an
 * object with a newer word can still be read and judged.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE_USE})
public @interface OneOf {
  String[] value();
}
