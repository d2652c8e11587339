package dev.skep.policy;

import dev.skep.policy.Hook.ArgumentType;
import java.math.BigInteger;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * The whole numbers that an argument's type can hold.
 *
 * @param low inclusive
 * @param high inclusive
 */
record NumberRange(BigInteger low, BigInteger high) {
  private static final Pattern DECIMAL = Pattern.compile("-?(0|[1-9][0-9]{0,19})");
  private static final Pattern HEX = Pattern.compile("0[xX][0-9A-Fa-f]{1,16}");

  private static final NumberRange SIGNED_32 = signed(32);
  private static final NumberRange UNSIGNED_32 = unsigned(32);
  private static final NumberRange SIGNED_64 = signed(64);
  private static final NumberRange UNSIGNED_64 = unsigned(64);

  static NumberRange of(ArgumentType type) {
    return switch (type) {
      case INT -> SIGNED_32;
      case UINT32 -> UNSIGNED_32;
      case LONG -> SIGNED_64;
      case SIZE -> UNSIGNED_64;
      case FD, STRING, CHAR_BUF -> throw new IllegalArgumentException(type + " is no number");
    };
  }

  /** Of masks, which have no sign. */
  static NumberRange ofBits(ArgumentType type) {
    return switch (type) {
      case INT, UINT32 -> UNSIGNED_32;
      case LONG, SIZE -> UNSIGNED_64;
      case FD, STRING, CHAR_BUF -> throw new IllegalArgumentException(type + " is no number");
    };
  }

  private static NumberRange signed(int bits) {
    var half = BigInteger.ONE.shiftLeft(bits - 1);
    return new NumberRange(half.negate(), half.subtract(BigInteger.ONE));
  }

  private static NumberRange unsigned(int bits) {
    return new NumberRange(
        BigInteger.ZERO, BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE));
  }

  /** Decimal or hexadecimal; of an unsigned 64-bit number the bits. Empty if it is out of range. */
  OptionalLong parse(String text) {
    BigInteger number;
    if (HEX.matcher(text).matches()) {
      number = new BigInteger(text.substring(2), 16);
    } else if (DECIMAL.matcher(text).matches()) {
      number = new BigInteger(text);
    } else {
      return OptionalLong.empty();
    }
    return number.compareTo(low) < 0 || number.compareTo(high) > 0
        ? OptionalLong.empty()
        : OptionalLong.of(number.longValue());
  }

  @Override
  public String toString() {
    return "a number from " + low + " to " + high + ", decimal or hexadecimal with 0x";
  }
}
