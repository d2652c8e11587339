package dev.skep.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/** The system calls of x86-64 by name. */
public final class Syscalls {
  private static final String TABLE = "syscalls-x86-64.txt";
  private static final Map<String, Integer> NUMBERS = new TreeMap<>();
  private static final Map<String, String> NAMES_OF_FUNCTIONS = new HashMap<>();

  static {
    try (var table = Syscalls.class.getResourceAsStream(TABLE)) {
      if (table == null) {
        throw new AssertionError(TABLE + " is not among the resources");
      }
      new String(table.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" ", -1))
          .forEach(Syscalls::add);
    } catch (IOException e) {
      throw new UncheckedIOException(TABLE, e);
    }
  }

  private Syscalls() {}

  private static void add(String[] columns) {
    NUMBERS.put(columns[1], Integer.valueOf(columns[0]));
    if (columns.length > 2) {
      NAMES_OF_FUNCTIONS.put(columns[2], columns[1]);
    }
  }

  /** Of a name without prefix, such as {@code write}. */
  public static OptionalInt number(String name) {
    var number = NUMBERS.get(name);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** In alphabetical order, without prefix. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(NUMBERS.keySet());
  }

  /**
   * The system call that the kernel's function {@code sys_}{@code function} carries out: nearly
   * always of the same name.
   */
  static Optional<String> ofFunction(String function) {
    var name = NAMES_OF_FUNCTIONS.getOrDefault(function, function);
    return NUMBERS.containsKey(name) ? Optional.of(name) : Optional.empty();
  }
}
