package dev.skep.bpf.kernel;

import dev.skep.bpf.KernelTracepoint.Field;
import dev.skep.bpf.KernelTracepoint.Format;
import dev.skep.bpf.KernelTracepoint.Shape;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the files {@code format} of tracefs. Pure. */
final class TracepointFormat {
  private static final Pattern LINE =
      Pattern.compile(
          "\\s*field:([^;]*);\\s*offset:(\\d+);\\s*size:(\\d+);(?:\\s*signed:(\\d+);)?\\s*");
  private static final Pattern DATA_LOC = Pattern.compile("__data_loc (.*?)\\[]\\s*(\\w+)");
  private static final Pattern DECLARATION =
      Pattern.compile("(?:const )?(.*?)\\s*(\\**)\\s*(\\w+)(\\[.*])?");
  private static final String RELATIVE = "__rel_loc";

  private TracepointFormat() {}

  /** Lines that say nothing of a field are passed over. */
  static Format parse(String text) {
    return new Format(text.lines().flatMap(line -> field(line).stream()).toList());
  }

  private static Optional<Field> field(String line) {
    var found = LINE.matcher(line);
    if (!found.matches()) {
      return Optional.empty();
    }
    var declaration = found.group(1).strip();
    int offset = Integer.parseInt(found.group(2));
    int bytes = Integer.parseInt(found.group(3));
    boolean signed = "1".equals(found.group(4));
    var dynamic = DATA_LOC.matcher(declaration);
    if (dynamic.matches()) {
      var type = dynamic.group(1).strip();
      return Optional.of(
          new Field(declaration, dynamic.group(2), type, Shape.DATA_LOC, offset, bytes, signed));
    }
    var plain = DECLARATION.matcher(declaration);
    if (!plain.matches() || declaration.startsWith(RELATIVE)) {
      return Optional.of(
          new Field(declaration, declaration, declaration, Shape.OTHER, offset, bytes, signed));
    }
    var shape = shape(!plain.group(2).isEmpty(), plain.group(4), bytes);
    return Optional.of(
        new Field(
            declaration, plain.group(3), plain.group(1).strip(), shape, offset, bytes, signed));
  }

  private static Shape shape(boolean pointer, @Nullable String array, int bytes) {
    if (array != null) {
      return bytes == 0 ? Shape.OTHER : Shape.ARRAY;
    }
    return switch (bytes) {
      case Byte.BYTES, Short.BYTES, Integer.BYTES -> pointer ? Shape.OTHER : Shape.NUMBER;
      case Long.BYTES -> pointer ? Shape.POINTER : Shape.NUMBER;
      default -> Shape.OTHER;
    };
  }
}
