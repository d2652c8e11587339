package dev.skep.policy.ast;

import java.util.List;
import java.util.Set;

/** What a filter asks of its argument; whether it must not be so is said beside it. */
public sealed interface Matching {
  /**
   * Within any of {@code ranges}, of Equal, InMap and InRange alike.
   *
   * @param ranges in the width and sign of the argument; of capabilities and unsigned 64-bit
   *     numbers the bits
   */
  record Numbers(List<Range> ranges) implements Matching {
    public Numbers {
      ranges = Nonempty.copy(ranges);
    }

    /** Whether each range is one number. */
    public boolean areSingle() {
      return ranges.stream().allMatch(range -> range.low() == range.high());
    }
  }

  record GreaterThan(long bound) implements Matching {}

  record LessThan(long bound) implements Matching {}

  /** Any bit of {@code bits} is set. */
  record Mask(long bits) implements Matching {
    public Mask {
      if (bits == 0) {
        throw new IllegalArgumentException("a mask without bits matches nothing");
      }
    }
  }

  /**
   * Any of {@code texts}, in the order of the file.
   *
   * @param texts of PREFIX at most 256 bytes each, of POSTFIX 128, of SUB_STRING 100, else 4095
   */
  record Texts(Part part, List<String> texts) implements Matching {
    public Texts {
      texts = Nonempty.copy(texts);
    }

    public enum Part {
      WHOLE,
      PREFIX,
      POSTFIX,
      SUB_STRING,
      SUB_STRING_IGN_CASE
    }
  }

  record FileTypes(Set<FileType> types) implements Matching {
    public FileTypes {
      types = Nonempty.copy(types);
    }
  }

  record Addresses(Side side, List<Cidr> networks) implements Matching {
    public Addresses {
      networks = Nonempty.copy(networks);
    }
  }

  record Ports(Side side, List<Range> ports) implements Matching {
    public Ports {
      ports = Nonempty.copy(ports);
    }
  }

  /** Below 1024. */
  record PrivilegedPort(Side side) implements Matching {}

  record Protocols(List<Range> protocols) implements Matching {
    public Protocols {
      protocols = Nonempty.copy(protocols);
    }
  }

  record Families(List<Range> families) implements Matching {
    public Families {
      families = Nonempty.copy(families);
    }
  }

  /** Of TCP. */
  record States(List<Range> states) implements Matching {
    public States {
      states = Nonempty.copy(states);
    }
  }

  /**
   * The argument has a capability that another one lacks.
   *
   * @param before position of the other in the hook's arguments
   */
  record CapabilitiesGained(int before) implements Matching {}

  /**
   * Of an argument whose type is yet to be found out: what it means then is to be asked again.
   *
   * @param values without names of lists
   */
  record Untyped(Operator operator, List<String> values) implements Matching {
    public Untyped {
      values = List.copyOf(values);
    }
  }

  /** Inclusive bounds. */
  record Range(long low, long high) {
    public static Range of(long number) {
      return new Range(number, number);
    }
  }

  enum Side {
    SOURCE,
    DESTINATION
  }
}
