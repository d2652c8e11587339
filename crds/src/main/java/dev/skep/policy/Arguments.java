package dev.skep.policy;

import dev.skep.policy.ast.Argument;
import dev.skep.policy.ast.ArgumentType;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A hook's args, in which filters and actions find what they mean. */
record Arguments(HookPlace place, List<Entry> entries) {
  /**
   * @param index empty: reported as missing or wrong
   * @param argument if it could not be read, one to leave alone in its place
   * @param known whether it could be read
   */
  record Entry(OptionalLong index, Argument argument, boolean known) {
    boolean hasIndex(long wanted) {
      return index.isPresent() && index.getAsLong() == wanted;
    }

    boolean isNop() {
      return known && argument.type() == ArgumentType.NOP;
    }
  }

  List<Argument> asList() {
    return entries.stream().map(Entry::argument).toList();
  }

  Entry at(int position) {
    return entries.get(position);
  }

  /** The position of an index; of tracepoints a position too, where no argument has that index. */
  OptionalInt find(long index) {
    var found =
        IntStream.range(0, entries.size()).filter(i -> entries.get(i).hasIndex(index)).findFirst();
    return found.isEmpty() && place.isTracepoint() && index < entries.size()
        ? OptionalInt.of((int) index)
        : found;
  }

  /** Whether an entry could not be read, so that nobody knows what is missing. */
  boolean areDoubtful() {
    return entries.stream().anyMatch(entry -> entry.index().isEmpty());
  }

  String indexes() {
    return entries.isEmpty()
        ? "there are no args"
        : "args has "
            + entries.stream()
                .map(e -> e.index().isPresent() ? String.valueOf(e.index().getAsLong()) : "?")
                .collect(Collectors.joining(", "));
  }
}
