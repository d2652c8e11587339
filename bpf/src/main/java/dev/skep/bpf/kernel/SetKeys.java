package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** How value sets look as keys of the kernel's set maps. Pure. */
final class SetKeys {

  /** The outer maps by name, and what their inner maps are. */
  enum Shelf {
    SMALL("text_sets_small", KernelMap.Type.HASH, (int) Structs.TEXT_KEY_SMALL.byteSize()),
    MEDIUM("text_sets_medium", KernelMap.Type.HASH, (int) Structs.TEXT_KEY_MEDIUM.byteSize()),
    LARGE("text_sets_large", KernelMap.Type.HASH, (int) Structs.TEXT_KEY_LARGE.byteSize()),
    PREFIX("prefix_sets", KernelMap.Type.LPM_TRIE, (int) Structs.PREFIX_KEY.byteSize()),
    POSTFIX("postfix_sets", KernelMap.Type.LPM_TRIE, (int) Structs.POSTFIX_KEY.byteSize()),
    NUMBER("number_sets", KernelMap.Type.HASH, Long.BYTES),
    RANGE("range_sets", KernelMap.Type.LPM_TRIE, (int) Structs.RANGE_KEY.byteSize()),
    NETWORK("network_sets", KernelMap.Type.LPM_TRIE, (int) Structs.NETWORK_KEY.byteSize());

    final String map;
    final KernelMap.Type inner;
    final int keyBytes;

    Shelf(String map, KernelMap.Type inner, int keyBytes) {
      this.map = map;
      this.inner = inner;
      this.keyBytes = keyBytes;
    }
  }

  private static final long TEXT_AT = Integer.BYTES; // in every text key, after its length
  private static final long NUMBER_AT = Integer.BYTES; // in a range's key

  private SetKeys() {}

  /** The keys of a set by shelf: {@link Shelf#keyBytes} each. */
  static Map<Shelf, List<byte[]>> keys(ValueSet set) throws BpfException {
    var keys = new EnumMap<Shelf, List<byte[]>>(Shelf.class);
    switch (set) {
      case ValueSet.Texts(var texts) -> {
        for (var text : texts) {
          var bytes = text.getBytes(StandardCharsets.UTF_8);
          if (bytes.length <= Structs.TEXT_SMALL) {
            put(keys, Shelf.SMALL, key(Structs.TEXT_KEY_SMALL, bytes.length, bytes));
          } else if (bytes.length <= Structs.TEXT_MEDIUM) {
            put(keys, Shelf.MEDIUM, key(Structs.TEXT_KEY_MEDIUM, bytes.length, bytes));
          } else {
            requireAtMost(bytes, Structs.TEXT_LARGE, "text");
            put(keys, Shelf.LARGE, key(Structs.TEXT_KEY_LARGE, bytes.length, bytes));
          }
        }
      }
      case ValueSet.Prefixes(var texts) -> {
        for (var text : texts) {
          put(keys, Shelf.PREFIX, prefix(text));
        }
      }
      case ValueSet.Postfixes(var texts) -> {
        for (var text : texts) {
          put(keys, Shelf.POSTFIX, postfix(text));
        }
      }
      case ValueSet.Numbers(var numbers) -> {
        for (var number : numbers) {
          var key = new byte[Long.BYTES];
          MemorySegment.ofArray(key).set(JAVA_LONG.withByteAlignment(1), 0, number);
          put(keys, Shelf.NUMBER, key);
        }
      }
      case ValueSet.Ranges(var prefixes) -> {
        for (var prefix : prefixes) {
          var key =
              ByteBuffer.allocate(Shelf.RANGE.keyBytes)
                  .order(ByteOrder.nativeOrder())
                  .putInt(prefix.bits())
                  .order(ByteOrder.BIG_ENDIAN)
                  .putLong(prefix.number());
          put(keys, Shelf.RANGE, key.array());
        }
      }
      case ValueSet.Networks(var networks) -> {
        for (var network : networks) {
          put(keys, Shelf.NETWORK, NetworkKey.of(network));
        }
      }
    }
    return keys;
  }

  static byte[] prefix(String text) throws BpfException {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    requireAtMost(bytes, Structs.PREFIX_BYTES, "prefix");
    return key(Structs.PREFIX_KEY, bytes.length * Byte.SIZE, bytes);
  }

  static byte[] postfix(String text) throws BpfException {
    var bytes = reversed(text.getBytes(StandardCharsets.UTF_8));
    requireAtMost(bytes, Structs.POSTFIX_BYTES, "postfix");
    return key(Structs.POSTFIX_KEY, bytes.length * Byte.SIZE, bytes);
  }

  /** The text or, as a string, the number or the range that a key of this shelf stands for. */
  static String text(Shelf shelf, MemorySegment key) {
    return switch (shelf) {
      case SMALL, MEDIUM, LARGE -> string(key, key.get(JAVA_INT, 0), false);
      case PREFIX -> string(key, key.get(JAVA_INT, 0) / Byte.SIZE, false);
      case POSTFIX -> string(key, key.get(JAVA_INT, 0) / Byte.SIZE, true);
      case NUMBER -> Long.toString(key.get(JAVA_LONG, 0));
      case RANGE -> {
        var number = key.asSlice(NUMBER_AT, Long.BYTES).asByteBuffer().order(ByteOrder.BIG_ENDIAN);
        yield number.getLong() + "/" + key.get(JAVA_INT, 0);
      }
      case NETWORK -> NetworkKey.text(key);
    };
  }

  /** The set whose texts by shelf these are. */
  static ValueSet set(Map<Shelf, Set<String>> texts) {
    var all = new HashSet<String>();
    texts.values().forEach(all::addAll);
    var kind = texts.keySet().iterator().next();
    return switch (kind) {
      case SMALL, MEDIUM, LARGE -> new ValueSet.Texts(all);
      case PREFIX -> new ValueSet.Prefixes(all);
      case POSTFIX -> new ValueSet.Postfixes(all);
      case NUMBER ->
          new ValueSet.Numbers(all.stream().map(Long::valueOf).collect(Collectors.toSet()));
      case RANGE ->
          new ValueSet.Ranges(all.stream().map(SetKeys::numberPrefix).collect(Collectors.toSet()));
      case NETWORK ->
          new ValueSet.Networks(all.stream().map(NetworkKey::network).collect(Collectors.toSet()));
    };
  }

  private static NumberPrefix numberPrefix(String text) {
    int slash = text.indexOf('/');
    return new NumberPrefix(
        Long.parseLong(text, 0, slash, 10), Integer.parseInt(text, slash + 1, text.length(), 10));
  }

  private static String string(MemorySegment key, int size, boolean reverse) {
    var bytes = key.asSlice(TEXT_AT, size).toArray(JAVA_BYTE);
    return new String(reverse ? reversed(bytes) : bytes, StandardCharsets.UTF_8);
  }

  private static void put(Map<Shelf, List<byte[]>> keys, Shelf shelf, byte[] key) {
    keys.computeIfAbsent(shelf, _ -> new ArrayList<>()).add(key);
  }

  private static byte[] key(StructLayout layout, int length, byte[] text) {
    var key = new byte[(int) layout.byteSize()];
    MemorySegment.ofArray(key).set(JAVA_INT.withByteAlignment(1), 0, length);
    System.arraycopy(text, 0, key, (int) TEXT_AT, text.length);
    return key;
  }

  private static byte[] reversed(byte[] bytes) {
    var reversed = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      reversed[i] = bytes[bytes.length - 1 - i];
    }
    return reversed;
  }

  private static void requireAtMost(byte[] text, int most, String what) throws BpfException {
    if (text.length > most) {
      throw new BpfException(
          "apply", 0, what + " of " + text.length + " bytes: the kernel takes at most " + most);
    }
  }
}
