package dev.skep.agent.options;

import dev.skep.bpf.kernel.ProcessOptions.Throttle;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** From the text of a value to what it means. Each refusal says what would be accepted. */
final class Values {
  private Values() {}

  /** A whole number, with K, M or G for 1024 of the smaller. */
  abstract static class Whole implements ITypeConverter<Integer> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,18})([KMG]?)");

    private final int least;
    private final int most;

    Whole(int least, int most) {
      this.least = least;
      this.most = most;
    }

    @Override
    public Integer convert(String value) {
      var parts = FORM.matcher(value);
      if (!parts.matches()) {
        throw new TypeConversionException(
            "'" + value + "' is no number; such as 4096, 64K, 4M or 1G are");
      }
      int shift =
          switch (parts.group(2)) {
            case "K" -> 10;
            case "M" -> 20;
            case "G" -> 30;
            default -> 0;
          };
      long number = Long.parseLong(parts.group(1));
      if (number > most >> shift || number << shift < least) {
        throw new TypeConversionException(
            "'" + value + "' must be between " + least + " and " + most);
      }
      return (int) (number << shift);
    }
  }

  /** {@code :8081} or {@code 127.0.0.1:8081}. */
  static final class Address implements ITypeConverter<InetSocketAddress> {
    private static final Pattern FORM = Pattern.compile("(.*):(\\d{1,5})");
    private static final int LAST_PORT = 65_535;

    @Override
    public InetSocketAddress convert(String value) {
      var parts = FORM.matcher(value);
      if (!parts.matches() || Integer.parseInt(parts.group(2)) > LAST_PORT) {
        throw new TypeConversionException(
            "'" + value + "' is no address; such as :8081 or 127.0.0.1:8081 are");
      }
      int port = Integer.parseInt(parts.group(2));
      return parts.group(1).isEmpty()
          ? new InetSocketAddress(port)
          : new InetSocketAddress(parts.group(1), port);
    }
  }

  /** Such as {@code 1h30m}, {@code 2s} or {@code 100ms}; 0 is nothing. */
  static final class Interval implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String value) {
      return interval(value);
    }
  }

  /** {@code 100,1s}: so many events in such an interval. */
  static final class Rate implements ITypeConverter<Throttle> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9}),(.+)");

    @Override
    public Throttle convert(String value) {
      var parts = FORM.matcher(value);
      if (!parts.matches()) {
        throw new TypeConversionException(
            "'" + value + "' is no rate; such as 100,1s (events, interval) is");
      }
      try {
        return new Throttle(Integer.parseInt(parts.group(1)), interval(parts.group(2)));
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  private static final Pattern INTERVAL = Pattern.compile("(?:\\d{1,9}(?:ms|us|ns|h|m|s))+");
  private static final Pattern INTERVAL_PART = Pattern.compile("(\\d+)(ms|us|ns|h|m|s)");
  private static final Set<String> NOTHING = Set.of("0", "");

  private static Duration interval(String value) {
    if (NOTHING.contains(value)) {
      return Duration.ZERO;
    }
    if (!INTERVAL.matcher(value).matches()) {
      throw new TypeConversionException(
          "'" + value + "' is no interval; such as 1h30m, 2s or 100ms are");
    }
    var sum = Duration.ZERO;
    var parts = INTERVAL_PART.matcher(value);
    while (parts.find()) {
      long number = Long.parseLong(parts.group(1));
      sum =
          sum.plus(
              switch (parts.group(2)) {
                case "h" -> Duration.ofHours(number);
                case "m" -> Duration.ofMinutes(number);
                case "s" -> Duration.ofSeconds(number);
                case "ms" -> Duration.ofMillis(number);
                case "us" -> Duration.ofNanos(1_000 * number);
                default -> Duration.ofNanos(number);
              });
    }
    return sum;
  }
}
