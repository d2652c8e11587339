package dev.skep.bpf;

import java.util.List;

/** What this node's kernel says of one of its tracepoints. */
public sealed interface KernelTracepoint {
  /** It has none of that name. */
  record Missing() implements KernelTracepoint {}

  /**
   * The record that it makes.
   *
   * @param fields in the order of its format in tracefs; the first four are common to all
   */
  record Format(List<Field> fields) implements KernelTracepoint {
    public Format {
      fields = List.copyOf(fields);
    }
  }

  /**
   * @param declaration as in C, such as {@code unsigned int fd}
   * @param type of the declaration, without the name, and without length if it is an array
   * @param offset in the record, in bytes
   */
  record Field(
      String declaration,
      String name,
      String type,
      Shape shape,
      int offset,
      int bytes,
      boolean signed) {
    private static final int COMMON_BYTES = 8;

    /** Of the part of the record that all tracepoints have, and that no program gets to see. */
    public boolean isCommon() {
      return offset < COMMON_BYTES;
    }

    /** Whether it consists of characters. */
    public boolean isText() {
      return type.equals("char");
    }
  }

  /** How a field holds its value. */
  enum Shape {
    /** An integer, a bool, an enum or an address. */
    NUMBER,
    POINTER,
    /** Of a fixed number of bytes, in the record. */
    ARRAY,
    /** 4 bytes, which say where in the record, and how long. */
    DATA_LOC,
    /** A struct by value, or what else there is. */
    OTHER
  }
}
