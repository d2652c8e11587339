package dev.skep.policy;

import dev.skep.crds.v1alpha1.ArgumentSpec;
import dev.skep.policy.Hook.Argument;
import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.KprobeReader.ReadArgument;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** One entry of {@code args}, or {@code returnArg}. */
final class ArgumentReader {
  /** What a system call has at most. */
  private static final int ARGUMENTS = 6;

  private final Problems problems;
  private final String path;

  ArgumentReader(Problems problems, String path) {
    this.problems = problems;
    this.path = path;
  }

  ReadArgument read(ArgumentSpec spec) {
    var index = readIndex(spec.index());
    refuseExtras(spec);
    if ("nop".equals(spec.type())) {
      return new ReadArgument(index, "nop", Optional.empty(), Optional.empty());
    }
    var type = readType(spec.type());
    var size = readSize(spec, type);
    return new ReadArgument(
        index, spec.type(), Optional.ofNullable(type), assemble(index, type, size, spec.label()));
  }

  private static Optional<Argument> assemble(
      @Nullable Long index, @Nullable ArgumentType type, OptionalInt size, @Nullable String label) {
    return index == null || type == null || size.isPresent() != (type == ArgumentType.CHAR_BUF)
        ? Optional.empty() // reported
        : Optional.of(new Argument(index.intValue(), type, size, label));
  }

  private @Nullable Long readIndex(@Nullable Long index) {
    if (index == null) {
      problems.broken(path + ".index", "is missing, but required");
      return null;
    }
    if (index >= ARGUMENTS) {
      problems.broken(
          path + ".index", "is " + index + ", but a system call has arguments 0 to 5 at most");
      return null;
    }
    return index;
  }

  private @Nullable ArgumentType readType(@Nullable String type) {
    return switch (type == null ? "auto" : type) {
      case "int", "sint32", "int32" -> ArgumentType.INT;
      case "uint32" -> ArgumentType.UINT32;
      case "long", "sint64", "int64" -> ArgumentType.LONG;
      case "size_t", "uint64", "ulong" -> ArgumentType.SIZE;
      case "fd" -> ArgumentType.FD;
      case "string" -> ArgumentType.STRING;
      case "char_buf" -> ArgumentType.CHAR_BUF;
      case "auto" -> {
        problems.unsupported(path + ".type", "finding out the type; write it, such as type: int");
        yield null;
      }
      default -> {
        problems.unsupported(
            path + ".type",
            "arguments of type "
                + type
                + "; int, uint32, long, size_t, fd, string, char_buf and nop can be read");
        yield null;
      }
    };
  }

  private OptionalInt readSize(ArgumentSpec spec, @Nullable ArgumentType type) {
    var size = spec.sizeArgIndex();
    boolean given = size != null && size != 0;
    if (type == ArgumentType.CHAR_BUF && !given) {
      problems.invalid(
          path + ".sizeArgIndex",
          "is missing, but a char_buf needs it: which argument holds the length, counted from 1");
      return OptionalInt.empty();
    }
    if (!given || size == null) {
      return OptionalInt.empty();
    }
    if (size > ARGUMENTS) {
      problems.invalid(
          path + ".sizeArgIndex",
          "is " + size + ", but a system call has arguments 1 to 6 at most, counted from 1");
      return OptionalInt.empty();
    }
    if (type != null && type != ArgumentType.CHAR_BUF) {
      problems.invalid(path + ".sizeArgIndex", "belongs to a char_buf, this is a " + spec.type());
      return OptionalInt.empty();
    }
    return OptionalInt.of(Math.toIntExact(size) - 1);
  }

  private void refuseExtras(ArgumentSpec spec) {
    refuseText(spec.source(), "source", "values that are no arguments");
    refuseText(spec.resolve(), "resolve", "members of structures");
    refuseText(spec.btfType(), "btfType", "members of structures");
    refuseText(spec.btfTypeModule(), "btfTypeModule", "types of kernel modules");
    if (Boolean.TRUE.equals(spec.returnCopy())) {
      problems.unsupported(
          path + ".returnCopy", "reading an argument when the call returns; delete it");
    }
    if (Boolean.TRUE.equals(spec.maxData())) {
      problems.unsupported(path + ".maxData", "more than 4096 bytes of an argument; delete it");
    }
  }

  private void refuseText(@Nullable String value, String field, String what) {
    if (value != null && !value.isEmpty()) {
      problems.unsupported(path + "." + field, what);
    }
  }
}
