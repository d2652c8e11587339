package dev.skep.bpf.kernel;

import dev.skep.bpf.layout.Structs;

/**
 * {@code enum filter_operator} of shared.h: names, numbers and the order from cheap to dear are the
 * same.
 */
enum FilterOperator {
  NONE,
  ALWAYS,
  EQUAL,
  RANGE,
  GREATER,
  LESS,
  MASK,
  PID,
  NAMESPACE_PID,
  FOLLOWED,
  CAPABILITY,
  CAPABILITY_CHANGE,
  NAMESPACE,
  NAMESPACE_CHANGE,
  BINARY_EQUAL,
  BINARY_PREFIX,
  BINARY_POSTFIX,
  TEXT_EQUAL,
  TEXT_PREFIX,
  TEXT_POSTFIX;

  private static final FilterOperator[] ALL = values();

  static FilterOperator of(int code) {
    return ALL[code];
  }

  int code() {
    return ordinal();
  }

  /** Whether filter_plan.set is the id of a value set. */
  boolean usesSet(int count) {
    return switch (this) {
      case EQUAL, RANGE, PID, NAMESPACE_PID, NAMESPACE -> count == Structs.IN_SET;
      case BINARY_EQUAL, BINARY_PREFIX, BINARY_POSTFIX, TEXT_EQUAL, TEXT_PREFIX, TEXT_POSTFIX ->
          true;
      case NONE,
          ALWAYS,
          GREATER,
          LESS,
          MASK,
          FOLLOWED,
          CAPABILITY,
          CAPABILITY_CHANGE,
          NAMESPACE_CHANGE ->
          false;
    };
  }
}
