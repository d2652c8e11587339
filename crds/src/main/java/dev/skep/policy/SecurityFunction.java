package dev.skep.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The function by which the kernel asks its security modules whether a system call may act.
 *
 * @param name without {@code security_}, such as {@code file_open}
 * @param argument the type of its argument that tells what the call is about, as the kernel
 *     resolved it; empty: none does
 * @param late whether the call acts although a signal ends the process
 */
record SecurityFunction(String name, String argument, boolean late) {
  static final String PREFIX = "security_";

  private static final Map<String, SecurityFunction> BY_CALL = new HashMap<>();
  private static final Map<String, SecurityFunction> BY_NAME = new HashMap<>();

  static {
    read().lines().filter(line -> !line.startsWith("#")).forEach(SecurityFunction::add);
  }

  /** Of a system call, without prefix. */
  static Optional<SecurityFunction> of(String call) {
    return Optional.ofNullable(BY_CALL.get(call));
  }

  /** With or without {@code security_}. */
  static Optional<SecurityFunction> named(String name) {
    var bare = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
    return Optional.ofNullable(BY_NAME.get(bare));
  }

  /** All system calls that have one. */
  static Set<String> calls() {
    return Collections.unmodifiableSet(BY_CALL.keySet());
  }

  /** As kprobes name it. */
  String symbol() {
    return PREFIX + name;
  }

  private static void add(String line) {
    int colon = line.indexOf(':');
    var words = line.substring(colon + 1).strip().split(" ", -1);
    var function =
        new SecurityFunction(
            words[0], words[1].equals("-") ? "" : words[1], words[2].equals("late"));
    for (var call : line.substring(0, colon).split(" ", -1)) {
      BY_CALL.put(call, function);
    }
    BY_NAME.merge(words[0], function, (one, other) -> one.late() ? one : other);
  }

  private static String read() {
    try (var in = SecurityFunction.class.getResourceAsStream("security-functions.txt")) {
      if (in == null) {
        throw new AssertionError("security-functions.txt is not among the resources");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
