package dev.skep.policy;

import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Matching.Texts;
import dev.skep.policy.ast.Matching.Texts.Part;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values that paths, strings and buffers are compared with.
 *
 * @param path of the list
 */
record TextValues(Problems problems, String path, ArgumentType type) {
  @Nullable Texts read(Part part, List<String> values) {
    var texts = new ArrayList<String>();
    boolean whole = true;
    for (int i = 0; i < values.size(); i++) {
      var text = withoutEnd(values.get(i));
      whole &= check(text, part, Path.item(path, i));
      texts.add(text);
    }
    return whole ? new Texts(part, texts) : null;
  }

  /** What the kernel compares at most, in bytes of UTF-8. */
  static int bytes(Part part) {
    return switch (part) {
      case WHOLE -> 4095;
      case PREFIX -> 256;
      case POSTFIX -> 128;
      case SUB_STRING, SUB_STRING_IGN_CASE -> 100;
    };
  }

  /** Some write the NUL that ends a string in memory; a buffer may well hold one. */
  private String withoutEnd(String text) {
    return type != ArgumentType.CHAR_BUF && text.endsWith("\0")
        ? text.substring(0, text.length() - 1)
        : text;
  }

  private boolean check(String text, Part part, String at) {
    if (text.isEmpty() && part != Part.WHOLE) {
      problems.invalid(at, "is empty: every text has that; leave the filter out");
      return false;
    }
    if (type != ArgumentType.CHAR_BUF && text.indexOf('\0') >= 0) {
      problems.invalid(at, "has a NUL within, which no string has");
      return false;
    }
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    if (length > bytes(part)) {
      problems.invalid(
          at, "is " + length + " bytes long, at most " + bytes(part) + " are compared");
      return false;
    }
    return true;
  }
}
