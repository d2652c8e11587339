package dev.skep.crds.v1alpha1;

import org.jspecify.annotations.Nullable;

/**
 * Events of one hook.
 *
 * @param hook as the policy calls it, such as {@code sys_write}
 */
public record HookEvents(@Nullable String hook, long count) {}
