package dev.skep.operator.resources;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Stream;

/** The policies of both kinds, by uid. Any thread. */
public final class PolicyIndex {
  private final List<Function<String, Stream<? extends PolicyResource>>> kinds =
      new CopyOnWriteArrayList<>();

  /** Look there too. */
  public void add(Function<String, Stream<? extends PolicyResource>> kind) {
    kinds.add(kind);
  }

  public Optional<PolicyResource> byUid(String uid) {
    return kinds.stream().<PolicyResource>flatMap(kind -> kind.apply(uid)).findFirst();
  }

  public boolean knows(String uid) {
    return byUid(uid).isPresent();
  }
}
