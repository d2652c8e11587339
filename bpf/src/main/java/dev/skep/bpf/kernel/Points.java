package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The places beside system calls that hooks sit on, by name: each has a point of its own, by which
 * map {@code functions} knows it over agents, and so it does the functions of system calls that are
 * overridden. One thread at a time.
 */
final class Points {
  private final KernelMap names;
  private final TreeMap<String, Integer> points = new TreeMap<>();
  private final TreeMap<Integer, String> syscalls = new TreeMap<>();
  private final AtomicReferenceArray<@Nullable String> lastNames =
      new AtomicReferenceArray<>(Structs.POINTS_MAX);

  Points(NodeMaps maps) throws BpfException {
    names = maps.get("functions");
    names.forEach((key, value) -> {
      var name = value.getString(0);
      int point = key.get(JAVA_INT, 0);
      if (!name.isEmpty() && point < Structs.SYSCALLS_MAX) {
        syscalls.put(point, name);
      } else if (!name.isEmpty()) {
        put(point, name);
      }
    });
  }

  /** All that are taken. */
  Map<String, Integer> all() {
    return Map.copyOf(points);
  }

  /** Functions of system calls that are overridden, by number. */
  Map<Integer, String> syscalls() {
    return Map.copyOf(syscalls);
  }

  /** From now on the system call is overridden, or, with null, not any more. */
  void setSyscall(int number, @Nullable String function) throws BpfException {
    write(number, function == null ? "" : function);
    if (function == null) {
      syscalls.remove(number);
    } else {
      syscalls.put(number, function);
    }
  }

  /** A name that is new gets one. */
  int of(String name) throws BpfException {
    var known = points.get(name);
    if (known != null) {
      return known;
    }
    int point = Structs.SYSCALLS_MAX;
    while (points.containsValue(point)) {
      point++;
    }
    if (point == Structs.POINTS_MAX) {
      throw new BpfException(
          "apply",
          0,
          "policies watch %d functions and tracepoints already, there is no room for %s"
              .formatted(Structs.FUNCTIONS_MAX, name));
    }
    write(point, name);
    put(point, name);
    return point;
  }

  private void put(int point, String name) {
    points.put(name, point);
    lastNames.set(point, name);
  }

  /** Which a point has or had last; empty if there is none. Any thread. */
  String lastName(int point) {
    var name = point < Structs.POINTS_MAX ? lastNames.get(point) : null;
    return name == null ? "" : name;
  }

  void free(String name) throws BpfException {
    var point = points.get(name);
    if (point != null) {
      write(point, "");
      points.remove(name);
    }
  }

  /** Null of a system call's. */
  @Nullable String name(int point) {
    for (var entry : points.entrySet()) {
      if (entry.getValue() == point) {
        return entry.getKey();
      }
    }
    return null;
  }

  private void write(int point, String name) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.FUNCTION_NAME_BYTES);
      value.setString(0, name);
      names.put(point, value);
    }
  }
}
