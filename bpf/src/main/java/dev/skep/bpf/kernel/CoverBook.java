package dev.skep.bpf.kernel;

import dev.skep.bpf.layout.Structs;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Which set of policies each cover stands for, by their uids. A cover keeps its set for as long as
 * it has its number; one thread at a time.
 */
final class CoverBook {
  /** The number of the empty set. */
  static final int NOBODY = 0;

  private final NavigableMap<Integer, Set<String>> sets = new TreeMap<>();
  private final Map<Set<String>, Integer> numbers = new HashMap<>();

  CoverBook() {
    put(NOBODY, Set.of());
  }

  /** Several numbers may have equal sets. */
  void put(int number, Set<String> uids) {
    var set = Set.copyOf(uids);
    sets.put(number, set);
    numbers.putIfAbsent(set, number);
  }

  void free(int number) {
    var set = sets.remove(number);
    if (set != null) {
      numbers.remove(set, number);
    }
  }

  /** One policy less in a cover that no cgroup has any more. */
  void leave(int number, String uid) {
    var rest = new HashSet<>(set(number));
    free(number);
    rest.remove(uid);
    put(number, rest);
  }

  OptionalInt numberOf(Set<String> uids) {
    var number = numbers.get(uids);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** Empty if all are taken. */
  OptionalInt freeNumber() {
    return IntStream.range(0, Structs.COVERS_MAX).filter(it -> !sets.containsKey(it)).findFirst();
  }

  Set<String> set(int number) {
    return sets.getOrDefault(number, Set.of());
  }

  List<Integer> numbers() {
    return List.copyOf(sets.keySet());
  }

  List<Integer> with(String uid) {
    return sets.keySet().stream().filter(number -> set(number).contains(uid)).toList();
  }
}
