package dev.skep.policy;

import dev.skep.policy.ast.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** IP addresses and networks as text; no name is ever looked up. */
final class Addresses {
  private static final Pattern BYTE = Pattern.compile("0|[1-9][0-9]{0,2}");
  private static final Pattern GROUP = Pattern.compile("[0-9A-Fa-f]{1,4}");
  private static final Pattern LENGTH = Pattern.compile("0|[1-9][0-9]{0,2}");
  private static final int GROUPS = 8;

  private Addresses() {}

  /** An address, or the network around it: {@code 10.0.0.1}, {@code 10.0.0.0/8}, {@code ::1}. */
  static Optional<Cidr> parse(String text) {
    int slash = text.indexOf('/');
    var address = slash < 0 ? text : text.substring(0, slash);
    boolean ipv6 = address.indexOf(':') >= 0;
    int bits = Cidr.bits(ipv6);
    if (slash >= 0) {
      var length = text.substring(slash + 1);
      if (!LENGTH.matcher(length).matches() || Integer.parseInt(length) > bits) {
        return Optional.empty();
      }
      bits = Integer.parseInt(length);
    }
    int prefix = bits;
    return ipv6
        ? groups(address).map(groups -> ofGroups(groups, prefix))
        : ipv4(address).map(low -> new Cidr(false, 0, low, prefix));
  }

  private static Optional<Long> ipv4(String text) {
    var parts = text.split("\\.", -1);
    if (parts.length != 4) {
      return Optional.empty();
    }
    long address = 0;
    for (var part : parts) {
      if (!BYTE.matcher(part).matches() || Integer.parseInt(part) > 255) {
        return Optional.empty();
      }
      address = address << 8 | Integer.parseInt(part);
    }
    return Optional.of(address);
  }

  /** All eight, those of {@code ::} too. */
  private static Optional<List<Long>> groups(String text) {
    int gap = text.indexOf("::");
    if (gap < 0) {
      return part(text).filter(groups -> groups.size() == GROUPS);
    }
    var head = part(text.substring(0, gap));
    var tail = part(text.substring(gap + 2));
    if (head.isEmpty() || tail.isEmpty()) {
      return Optional.empty();
    }
    var groups = new ArrayList<>(head.get());
    int missing = GROUPS - groups.size() - tail.get().size();
    if (missing < 1) {
      return Optional.empty();
    }
    for (int i = 0; i < missing; i++) {
      groups.add(0L);
    }
    groups.addAll(tail.get());
    return Optional.of(groups);
  }

  private static Optional<List<Long>> part(String text) {
    var groups = new ArrayList<Long>();
    if (text.isEmpty()) {
      return Optional.of(groups);
    }
    var words = text.split(":", -1);
    for (int i = 0; i < words.length; i++) {
      if (i == words.length - 1 && words[i].indexOf('.') >= 0) {
        var last = ipv4(words[i]);
        if (last.isEmpty()) {
          return Optional.empty();
        }
        groups.add(last.get() >>> 16);
        groups.add(last.get() & 0xffff);
      } else if (GROUP.matcher(words[i]).matches()) {
        groups.add(Long.parseLong(words[i], 16));
      } else {
        return Optional.empty();
      }
    }
    return groups.size() > GROUPS ? Optional.empty() : Optional.of(groups);
  }

  private static Cidr ofGroups(List<Long> groups, int prefix) {
    long high = 0;
    long low = 0;
    for (int i = 0; i < GROUPS; i++) {
      if (i < GROUPS / 2) {
        high = high << 16 | groups.get(i);
      } else {
        low = low << 16 | groups.get(i);
      }
    }
    return new Cidr(true, high, low, prefix);
  }
}
