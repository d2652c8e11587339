package dev.skep.events;

/** One variable that a program was given. Both texts are made by {@link KernelText}. */
public record EnvironmentVariable(String key, String value) {}
