package dev.skep.events;

/**
 * The JSON object of {@link ProcessFacts}, and the places where an event puts what is its own.
 *
 * @param bytes UTF-8; to be read only
 * @param podAt where pod and container belong: after the login's user
 * @param refcntAt where {@code refcnt} belongs: before the capabilities
 * @param tidAt where {@code tid} belongs: after the namespaces
 * @param binaryPropertiesAt where these belong: after the credentials
 */
public record FactsJson(byte[] bytes, int podAt, int refcntAt, int tidAt, int binaryPropertiesAt) {}
