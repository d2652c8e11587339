package dev.skep.policy;

import dev.skep.policy.Hook.ArgumentType;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Values that paths, strings and buffers are compared with.
 *
 * @param path of the list
 */
record TextValues(Problems problems, String path, ArgumentType type) {
  /** What the kernel compares at most, in bytes of UTF-8. */
  static final int WHOLE = 4095;

  static final int PREFIX = 256;
  static final int POSTFIX = 128;

  Optional<Set<String>> read(List<String> values, int bytes) {
    var texts = new HashSet<String>();
    boolean whole = true;
    for (int i = 0; i < values.size(); i++) {
      var text = withoutEnd(values.get(i));
      whole &= check(text, bytes, Path.item(path, i));
      texts.add(text);
    }
    return whole ? Optional.of(texts) : Optional.empty();
  }

  /** Some write the NUL that ends a string in memory; a buffer may well hold one. */
  private String withoutEnd(String text) {
    return type != ArgumentType.CHAR_BUF && text.endsWith("\0")
        ? text.substring(0, text.length() - 1)
        : text;
  }

  private boolean check(String text, int bytes, String at) {
    if (text.isEmpty()) {
      problems.unsupported(at, "an empty text");
      return false;
    }
    if (type != ArgumentType.CHAR_BUF && text.indexOf('\0') >= 0) {
      problems.invalid(at, "has a NUL within, which no string has");
      return false;
    }
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    if (length > bytes) {
      problems.invalid(at, "is " + length + " bytes long, at most " + bytes + " are compared");
      return false;
    }
    return true;
  }
}
