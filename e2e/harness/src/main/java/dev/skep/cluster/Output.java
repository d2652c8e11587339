package dev.skep.cluster;

/** What a program said and how it ended; {@code exitCode} is 128 + n after signal n. */
public record Output(int exitCode, String out, String err) {}
