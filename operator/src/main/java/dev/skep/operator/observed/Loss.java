package dev.skep.operator.observed;

/**
 * Counters that no node reports any more and that the ledger has yet to take.
 *
 * @param key the same for the same loss, however often it is seen, and for no other
 */
public record Loss(String key, String policy, Totals totals) {}
