package dev.skep.policy;

/** Paths of fields, such as {@code spec.kprobes[0].call}. */
final class Path {
  private Path() {}

  static String child(String parent, String field) {
    var name = field.isEmpty() ? "\"\"" : Text.plain(field);
    return parent.isEmpty() ? name : parent + "." + name;
  }

  static String item(String list, int index) {
    return list + "[" + index + "]";
  }
}
