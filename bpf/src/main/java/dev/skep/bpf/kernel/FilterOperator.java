package dev.skep.bpf.kernel;

import dev.skep.bpf.layout.Structs;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * {@code enum filter_operator} of shared.h: names, numbers and the order from cheap to dear are the
 * same.
 */
enum FilterOperator {
  NONE(0),
  ALWAYS(1),
  EQUAL(2),
  RANGE(3),
  GREATER(4),
  LESS(5),
  MASK(6),
  PID(7),
  NAMESPACE_PID(8),
  FOLLOWED(9),
  CAPABILITY(10),
  CAPABILITY_CHANGE(11),
  NAMESPACE(12),
  NAMESPACE_CHANGE(13),
  BINARY_EQUAL(14),
  BINARY_PREFIX(15),
  BINARY_POSTFIX(16),
  FILE_TYPE(17),
  FAMILY(18),
  PROTOCOL(19),
  STATE(20),
  SOURCE_PORT(21),
  DESTINATION_PORT(22),
  SOURCE_ADDRESS(23),
  DESTINATION_ADDRESS(24),
  TEXT_EQUAL(25),
  TEXT_PREFIX(26),
  TEXT_POSTFIX(27);

  private static final Map<Integer, FilterOperator> BY_CODE =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(FilterOperator::code, Function.identity()));

  private final int code;

  FilterOperator(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  /** NONE of a code that no operator has. */
  static FilterOperator of(int code) {
    return BY_CODE.getOrDefault(code, NONE);
  }

  /** Whether filter_plan.set is the id of a value set. */
  boolean usesSet(int count) {
    return switch (this) {
      case EQUAL, RANGE, PID, NAMESPACE_PID, NAMESPACE -> count == Structs.IN_SET;
      case FAMILY, PROTOCOL, STATE, SOURCE_PORT, DESTINATION_PORT -> count == Structs.IN_SET;
      case SOURCE_ADDRESS, DESTINATION_ADDRESS -> count == Structs.IN_SET;
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
          NAMESPACE_CHANGE,
          FILE_TYPE ->
          false;
    };
  }

  /** Whether it asks of a socket, a packet or an address. */
  boolean isOfNetwork() {
    return compareTo(FAMILY) >= 0 && compareTo(DESTINATION_ADDRESS) <= 0;
  }
}
