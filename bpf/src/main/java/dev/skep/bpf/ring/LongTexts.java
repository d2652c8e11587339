package dev.skep.bpf.ring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.skep.bpf.KernelRecord.ProcessKey;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Texts that came in chunks, until their exec record takes them. Keeps at most {@link #BYTES_MAX};
 * beyond, the oldest goes, whose exec record was lost or will say that it is cut. One thread.
 */
final class LongTexts {
  /** Four times the longest arguments that there can be: as many execs can be on their way. */
  static final int BYTES_MAX = 8 << 20;

  private final Map<Key, Text> texts = new LinkedHashMap<>();
  private long held;

  /**
   * @param time of the exec
   * @param kind DATA_ARGUMENTS or DATA_ENVIRONMENT
   */
  record Key(ProcessKey process, long time, int kind) {}

  private static final class Text {
    private byte[] bytes = Fields.NO_BYTES;
    private int size;

    /** After a gap the rest is of no use. */
    private boolean broken;
  }

  void add(Key key, long offset, MemorySegment ring, long at, int size) {
    var text = texts.get(key);
    if (text == null) {
      if (offset != 0) {
        return; // its beginning was lost, or has gone from here
      }
      text = new Text();
      texts.put(key, text);
    }
    if (text.broken || offset != text.size) {
      text.broken = true;
      return;
    }
    if (text.bytes.length < text.size + size) {
      int length = Math.max(text.size + size, 2 * text.bytes.length);
      held += length - text.bytes.length;
      text.bytes = Arrays.copyOf(text.bytes, length);
    }
    MemorySegment.copy(ring, JAVA_BYTE, at, text.bytes, text.size, size);
    text.size += size;
    forgetOldest(key);
  }

  /** What arrived of it without a gap, at most {@code size} bytes. It is gone from here then. */
  byte[] take(Key key, int size) {
    var text = texts.remove(key);
    if (text == null) {
      return Fields.NO_BYTES;
    }
    held -= text.bytes.length;
    return Arrays.copyOf(text.bytes, Math.min(text.size, size));
  }

  private void forgetOldest(Key newest) {
    var oldest = texts.entrySet().iterator();
    while (held > BYTES_MAX && oldest.hasNext()) {
      var entry = oldest.next();
      if (!entry.getKey().equals(newest)) {
        held -= entry.getValue().bytes.length;
        oldest.remove();
      }
    }
  }
}
