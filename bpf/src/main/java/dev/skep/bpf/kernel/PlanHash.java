package dev.skep.bpf.kernel;

import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.layout.Structs;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;

/**
 * SHA-256 of all that makes a hook's program what it is: its plan, in one fixed order, and the
 * object file it is made of. Equal on all nodes and in all runs.
 */
record PlanHash(String hex) {
  static final PlanHash NONE = new PlanHash("0".repeat(2 * Structs.HASH_BYTES));

  static PlanHash of(byte[] bytes) {
    return new PlanHash(HexFormat.of().formatHex(bytes));
  }

  byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  static PlanHash of(HookPlan hook, byte[] object) {
    var digest = sha256();
    try (var out =
        new DataOutputStream(new DigestOutputStream(OutputStream.nullOutputStream(), digest))) {
      out.writeInt(Structs.LAYOUT);
      out.writeInt(object.length);
      out.write(object);
      write(out, hook);
    } catch (IOException e) {
      throw new UncheckedIOException("a digest does not fail", e);
    }
    return of(digest.digest());
  }

  private static void write(DataOutputStream out, HookPlan hook) throws IOException {
    out.writeInt(hook.index());
    out.writeBoolean(hook.wantsReturn());
    numbers(out, hook.syscalls());
    out.writeInt(hook.arguments().size());
    for (var argument : hook.arguments()) {
      out.writeInt(argument.kind().code());
      out.writeInt(argument.index());
      out.writeInt(argument.sizeIndex());
    }
    out.writeInt(hook.selectors().size());
    for (var selector : hook.selectors()) {
      out.writeBoolean(selector.post());
      out.writeInt(selector.signal());
      out.writeInt(selector.pids().size());
      for (PidFilter filter : selector.pids()) {
        out.writeBoolean(filter.negated());
        out.writeBoolean(filter.inNamespace());
        out.writeBoolean(filter.followForks());
        numbers(out, filter.pids());
      }
      out.writeInt(selector.binaries().size());
      for (BinaryFilter filter : selector.binaries()) {
        out.writeBoolean(filter.negated());
        texts(out, filter.paths());
      }
      out.writeInt(selector.filters().size());
      for (ArgumentFilter filter : selector.filters()) {
        out.writeInt(filter.argument());
        out.writeBoolean(filter.negated());
        write(out, filter.matching());
      }
    }
  }

  private static void write(DataOutputStream out, Matching matching) throws IOException {
    switch (matching) {
      case Matching.OneOf(var numbers) -> {
        out.writeByte(1);
        numbers(out, numbers);
      }
      case Matching.GreaterThan(var bound) -> {
        out.writeByte(2);
        out.writeLong(bound);
      }
      case Matching.LessThan(var bound) -> {
        out.writeByte(3);
        out.writeLong(bound);
      }
      case Matching.AnyBit(var bits) -> {
        out.writeByte(4);
        out.writeLong(bits);
      }
      case Matching.TextOneOf(var texts) -> {
        out.writeByte(5);
        texts(out, texts);
      }
      case Matching.TextPrefix(var texts) -> {
        out.writeByte(6);
        texts(out, texts);
      }
      case Matching.TextPostfix(var texts) -> {
        out.writeByte(7);
        texts(out, texts);
      }
    }
  }

  private static void numbers(DataOutputStream out, Collection<? extends Number> numbers)
      throws IOException {
    out.writeInt(numbers.size());
    for (long number : numbers.stream().mapToLong(Number::longValue).sorted().toArray()) {
      out.writeLong(number);
    }
  }

  private static void texts(DataOutputStream out, Collection<String> texts) throws IOException {
    out.writeInt(texts.size());
    for (var text : texts.stream().sorted().toList()) {
      out.writeInt(text.length());
      out.writeChars(text);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
