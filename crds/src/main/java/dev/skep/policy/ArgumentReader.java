package dev.skep.policy;

import dev.skep.crds.v1alpha1.ArgumentSpec;
import dev.skep.policy.ast.Argument;
import dev.skep.policy.ast.ArgumentType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The entries of {@code args}, or {@code returnArg}. */
final class ArgumentReader {
  private static final Set<ArgumentType> LARGE =
      EnumSet.of(
          ArgumentType.CHAR_BUF,
          ArgumentType.CHAR_IOVEC,
          ArgumentType.CONST_BUF,
          ArgumentType.IOV_ITER,
          ArgumentType.STRING);

  private final Problems problems;
  private final HookPlace place;

  ArgumentReader(Problems problems, HookPlace place) {
    this.problems = problems;
    this.place = place;
  }

  Arguments readAll(List<ArgumentSpec> specs, String path) {
    var entries = new ArrayList<Arguments.Entry>();
    for (int i = 0; i < specs.size(); i++) {
      var at = Path.item(path, i);
      var entry = read(specs.get(i), at);
      var index = entry.index();
      // Of one structure several members may be asked for.
      if (index.isPresent()
          && entry.known()
          && entries.stream().anyMatch(e -> e.known() && e.hasIndex(index.getAsLong()))) {
        problems.invalid(at + ".index", "is " + index.getAsLong() + " for the second time");
      }
      entries.add(entry);
    }
    return new Arguments(place, entries);
  }

  Arguments.Entry read(ArgumentSpec spec, String path) {
    var index = readIndex(spec.index(), path);
    boolean plain = refuseExtras(spec, path);
    // A word that is none was reported; what is written as nothing is to be found out.
    var type = ArgumentType.of(spec.type() == null ? "auto" : spec.type()).orElseThrow();
    if (type == ArgumentType.NOP) {
      return entry(path, index, type, OptionalInt.empty(), spec, plain);
    }
    var size = readSize(spec, type, path);
    boolean sized = size.isPresent() || !type.hasLength() || returnCopy(spec);
    checkMaxData(spec, type, path);
    boolean known = plain && sized && (spec.type() != null || !problems.isBroken(path + ".type"));
    return entry(path, index, type, type.hasLength() ? size : OptionalInt.empty(), spec, known);
  }

  private static Arguments.Entry entry(
      String path,
      OptionalLong index,
      ArgumentType type,
      OptionalInt size,
      ArgumentSpec spec,
      boolean known) {
    return new Arguments.Entry(
        index,
        new Argument(
            path,
            Math.toIntExact(index.orElse(0)),
            known ? type : ArgumentType.NOP,
            known ? size : OptionalInt.empty(),
            returnCopy(spec),
            Boolean.TRUE.equals(spec.maxData()),
            spec.label()),
        known);
  }

  private static boolean returnCopy(ArgumentSpec spec) {
    return Boolean.TRUE.equals(spec.returnCopy());
  }

  private OptionalLong readIndex(@Nullable Long index, String path) {
    if (index == null) {
      problems.broken(path + ".index", "is missing, but required");
      return OptionalLong.empty();
    }
    if (index >= place.arguments()) {
      problems.broken(
          path + ".index",
          "is "
              + index
              + ", but "
              + place
              + " has arguments 0 to "
              + (place.arguments() - 1)
              + " at most");
      return OptionalLong.empty();
    }
    return OptionalLong.of(index);
  }

  private OptionalInt readSize(ArgumentSpec spec, ArgumentType type, String path) {
    var size = spec.sizeArgIndex();
    boolean given = size != null && size != 0;
    if (type.hasLength() && !given && !returnCopy(spec)) {
      problems.invalid(
          path + ".sizeArgIndex",
          "is missing, but a "
              + type.words().getFirst()
              + " needs it: which argument holds the length, counted from 1");
      return OptionalInt.empty();
    }
    if (!given || size == null) {
      return OptionalInt.empty();
    }
    if (size > place.arguments()) {
      problems.invalid(
          path + ".sizeArgIndex",
          "is "
              + size
              + ", but "
              + place
              + " has arguments 1 to "
              + place.arguments()
              + " at most, counted from 1");
      return OptionalInt.empty();
    }
    if (!type.hasLength() && !problems.isBroken(path + ".type")) {
      problems.invalid(
          path + ".sizeArgIndex", "belongs to a char_buf, this is a " + type.words().getFirst());
      return OptionalInt.empty();
    }
    return OptionalInt.of(Math.toIntExact(size) - 1);
  }

  private void checkMaxData(ArgumentSpec spec, ArgumentType type, String path) {
    if (Boolean.TRUE.equals(spec.maxData()) && !LARGE.contains(type) && type != ArgumentType.AUTO) {
      problems.invalid(
          path + ".maxData",
          "belongs to buffers and strings, this is of type " + type.words().getFirst());
    }
    if (returnCopy(spec) && (place.isTracepoint() || place == HookPlace.LSM_HOOK)) {
      problems.invalid(path + ".returnCopy", "is there, but " + place + " does not return");
    }
  }

  /** Whether there are none. */
  private boolean refuseExtras(ArgumentSpec spec, String path) {
    boolean refused = refuse(spec.source(), path + ".source", "values that are no arguments");
    refused |= refuse(spec.resolve(), path + ".resolve", "members of structures");
    refused |= refuse(spec.btfType(), path + ".btfType", "members of structures");
    refused |= refuse(spec.btfTypeModule(), path + ".btfTypeModule", "types of kernel modules");
    return !refused;
  }

  private boolean refuse(@Nullable String value, String path, String what) {
    if (value == null || value.isEmpty()) {
      return false;
    }
    problems.unsupported(path, what);
    return true;
  }
}
