package dev.skep.operator.observed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Totals of what no node reports any more: nodes that were removed, policies that left a node.
 *
 * @param policies by uid
 * @param settled keys of the losses taken last, oldest first, so that none is taken twice
 */
public record Ledger(int schema, SortedMap<String, Totals> policies, List<String> settled) {
  public static final Ledger EMPTY = new Ledger(1, new TreeMap<>(), List.of());

  private static final int SCHEMA = 1;
  private static final String KEY = "ledger.json";

  /** A loss is offered twice only while its first write is in doubt, or by two leaders at once. */
  private static final int SETTLED_KEPT = 500;

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  public Ledger(
      int schema, @Nullable SortedMap<String, Totals> policies, @Nullable List<String> settled) {
    this.schema = schema;
    this.policies =
        policies == null
            ? new TreeMap<>()
            : Collections.unmodifiableSortedMap(new TreeMap<>(policies));
    this.settled = settled == null ? List.of() : List.copyOf(settled);
  }

  /** Of a policy, by uid. */
  public Totals of(String policy) {
    return policies.getOrDefault(policy, Totals.NONE);
  }

  /** Takes what it has not taken yet; policies that are not {@code alive} are dropped. */
  public Ledger take(Collection<Loss> losses, Predicate<String> alive) {
    var totals = new TreeMap<>(policies);
    var keys = new ArrayList<>(settled);
    var known = new HashSet<>(settled);
    for (var loss : losses) {
      if (alive.test(loss.policy()) && known.add(loss.key())) {
        totals.merge(loss.policy(), loss.totals(), (a, b) -> Totals.sum(List.of(a, b)));
        keys.add(loss.key());
      }
    }
    totals.keySet().removeIf(alive.negate());
    var kept = keys.subList(Math.max(0, keys.size() - SETTLED_KEPT), keys.size());
    return new Ledger(SCHEMA, totals, kept);
  }

  /** The ConfigMap's data. */
  public Map<String, String> encode() {
    try {
      return Map.of(KEY, JSON.writeValueAsString(this));
    } catch (JsonProcessingException e) {
      throw new AssertionError("a ledger can always be written", e);
    }
  }

  /**
   * @throws IllegalArgumentException if this is not what {@link #encode} writes. To go on without
   *     it would forget totals.
   */
  public static Ledger decode(Map<String, String> data) {
    var text = data.get(KEY);
    if (text == null) {
      throw new IllegalArgumentException("the ledger has no " + KEY);
    }
    try {
      var ledger = JSON.readValue(text, Ledger.class);
      if (ledger.schema != SCHEMA) {
        throw new IllegalArgumentException(
            "the ledger is of schema " + ledger.schema + ", this operator reads " + SCHEMA);
      }
      return ledger;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("the ledger's " + KEY + ": " + e.getOriginalMessage(), e);
    }
  }
}
