package dev.skep.policy;

import dev.skep.policy.ast.Call.Abi;
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

/** The system calls of x86-64, and of its 32-bit programs, by name. */
public final class Syscalls {
  private static final Syscalls X64 = new Syscalls("syscalls-x86-64.txt");
  private static final Syscalls I386 = new Syscalls("syscalls-i386.txt");

  private final Map<String, Integer> numbers = new TreeMap<>();
  private final Map<String, String> namesOfFunctions = new HashMap<>();

  private Syscalls(String file) {
    try (var table = Syscalls.class.getResourceAsStream(file)) {
      if (table == null) {
        throw new AssertionError(file + " is not among the resources");
      }
      new String(table.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" ", -1))
          .forEach(this::add);
    } catch (IOException e) {
      throw new UncheckedIOException(file, e);
    }
  }

  private void add(String[] columns) {
    numbers.put(columns[1], Integer.valueOf(columns[0]));
    if (columns.length > 2) {
      namesOfFunctions.put(columns[2], columns[1]);
    }
  }

  private static Syscalls of(Abi abi) {
    return switch (abi) {
      case X64 -> X64;
      case I386 -> I386;
    };
  }

  /** Of a name without prefix, such as {@code write}. */
  public static OptionalInt number(String name) {
    return number(Abi.X64, name);
  }

  static OptionalInt number(Abi abi, String name) {
    var number = of(abi).numbers.get(name);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** In alphabetical order, without prefix. */
  public static Set<String> names() {
    return names(Abi.X64);
  }

  static Set<String> names(Abi abi) {
    return Collections.unmodifiableSet(of(abi).numbers.keySet());
  }

  /**
   * The system call that the kernel's function {@code sys_}{@code function} carries out: nearly
   * always of the same name.
   */
  static Optional<String> ofFunction(Abi abi, String function) {
    var table = of(abi);
    var name = table.namesOfFunctions.getOrDefault(function, function);
    return table.numbers.containsKey(name) ? Optional.of(name) : Optional.empty();
  }
}
