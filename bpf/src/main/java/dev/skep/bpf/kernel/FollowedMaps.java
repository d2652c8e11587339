package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.TextPart;
import dev.skep.bpf.kernel.Followed.Binary;
import dev.skep.bpf.kernel.SetKeys.Shelf;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** What processes are followed for, in the kernel: each entry has the bits of its sets. */
final class FollowedMaps {
  private final KernelMap pids;
  private final KernelMap binaries;
  private final KernelMap prefixes;
  private final KernelMap postfixes;
  private final KernelMap kinds;

  FollowedMaps(NodeMaps maps) throws BpfException {
    this.pids = maps.get("followed_pids");
    this.binaries = maps.get("followed_binaries");
    this.prefixes = maps.get("followed_prefixes");
    this.postfixes = maps.get("followed_postfixes");
    this.kinds = maps.get("followed_kinds");
  }

  Map<Followed, Long> read() throws BpfException {
    var bits = new HashMap<Followed, Long>();
    read(pids, FollowedMaps::pid, bits);
    read(binaries, FollowedMaps::binary, bits);
    read(prefixes, key -> new Binary(TextPart.PREFIX, SetKeys.text(Shelf.PREFIX, key)), bits);
    read(postfixes, key -> new Binary(TextPart.POSTFIX, SetKeys.text(Shelf.POSTFIX, key)), bits);
    return bits;
  }

  /** One by one: tries of 5.10 know no batches. */
  private static void read(
      KernelMap map, Function<MemorySegment, Followed> member, Map<Followed, Long> bits)
      throws BpfException {
    var keys = new ArrayList<byte[]>();
    map.forEachKey(key -> keys.add(key.toArray(JAVA_BYTE)));
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(JAVA_LONG);
      for (var bytes : keys) {
        var key = copied(bytes, arena);
        if (map.get(key, value)) {
          bits.put(member.apply(key), value.get(JAVA_LONG, 0));
        }
      }
    }
  }

  private static Followed pid(MemorySegment key) {
    return new Followed.Pid(key.get(JAVA_INT, 0), key.get(JAVA_INT, Integer.BYTES) != 0);
  }

  private static Followed binary(MemorySegment key) {
    var bytes = key.toArray(JAVA_BYTE);
    int size = 0;
    while (size < bytes.length && bytes[size] != 0) {
      size++;
    }
    return new Binary(TextPart.WHOLE, new String(bytes, 0, size, UTF_8));
  }

  /** These entries and no others. New ones come first, so that nobody is unfollowed meanwhile. */
  void hold(Map<Followed, Long> bits) throws BpfException {
    var held = read();
    for (var entry : bits.entrySet()) {
      if (!entry.getValue().equals(held.get(entry.getKey()))) {
        put(entry.getKey(), entry.getValue());
      }
    }
    for (var member : held.keySet()) {
      if (!bits.containsKey(member)) {
        try (var arena = Arena.ofConfined()) {
          map(member).delete(key(member, arena));
        }
      }
    }
    int asked = 0;
    for (var member : bits.keySet()) {
      asked |= kind(member);
    }
    kinds.put(0, asked);
  }

  private void put(Followed member, long bits) throws BpfException {
    try (var arena = Arena.ofConfined()) {
      map(member).put(key(member, arena), arena.allocateFrom(JAVA_LONG, bits));
    }
  }

  private KernelMap map(Followed member) {
    return switch (member) {
      case Followed.Pid _ -> pids;
      case Binary(var part, _) ->
          switch (part) {
            case WHOLE -> binaries;
            case PREFIX -> prefixes;
            case POSTFIX -> postfixes;
          };
    };
  }

  private static int kind(Followed member) {
    return switch (member) {
      case Followed.Pid _ -> 0;
      case Binary(var part, _) ->
          switch (part) {
            case WHOLE -> Structs.FOLLOWED_BY_BINARY;
            case PREFIX -> Structs.FOLLOWED_BY_PREFIX;
            case POSTFIX -> Structs.FOLLOWED_BY_POSTFIX;
          };
    };
  }

  private static MemorySegment key(Followed member, Arena arena) throws BpfException {
    return switch (member) {
      case Followed.Pid(int pid, boolean inNamespace) -> {
        var key = arena.allocate(Structs.FOLLOWED_KEY);
        key.set(JAVA_INT, 0, pid);
        key.set(JAVA_INT, Integer.BYTES, inNamespace ? 1 : 0);
        yield key;
      }
      case Binary(var part, var value) ->
          switch (part) {
            case WHOLE -> {
              var bytes = value.getBytes(UTF_8);
              if (bytes.length >= Structs.BINARY_BYTES) {
                throw new BpfException(
                    "apply", 0, "an executable's path of " + bytes.length + " bytes: at most 255");
              }
              var key = arena.allocate(Structs.BINARY_BYTES, Long.BYTES);
              MemorySegment.copy(bytes, 0, key, JAVA_BYTE, 0, bytes.length);
              yield key;
            }
            case PREFIX -> copied(SetKeys.prefix(value), arena);
            case POSTFIX -> copied(SetKeys.postfix(value), arena);
          };
    };
  }

  private static MemorySegment copied(byte[] bytes, Arena arena) {
    var key = arena.allocate(bytes.length, Long.BYTES);
    MemorySegment.copy(bytes, 0, key, JAVA_BYTE, 0, bytes.length);
    return key;
  }
}
