package dev.skep.bpf.kernel;

import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.CapabilityChangeFilter;
import dev.skep.bpf.HookPlan.CapabilityFilter;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.NamespaceChangeFilter;
import dev.skep.bpf.HookPlan.NamespaceFilter;
import dev.skep.bpf.HookPlan.NamespaceKind;
import dev.skep.bpf.HookPlan.Network;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.ProcessFilter;
import dev.skep.bpf.HookPlan.Range;
import dev.skep.bpf.HookPlan.ReturnPlan;
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
import java.util.List;
import org.jspecify.annotations.Nullable;

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
    switch (hook.place()) {
      case Place.Syscalls(var numbers, _) -> {
        out.writeByte(1);
        numbers(out, numbers);
      }
      case Place.Function(var name) -> {
        out.writeByte(2);
        texts(out, List.of(name));
      }
      case Place.LsmHook(var name) -> {
        out.writeByte(3);
        texts(out, List.of(name));
      }
    }
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
      out.writeInt(selector.error());
      var limit = selector.limit();
      out.writeLong(limit == null ? 0 : limit.seconds());
      out.writeInt(limit == null ? 0 : limit.scope().code());
      write(out, selector.atReturn());
      out.writeInt(selector.process().size());
      for (var filter : selector.process()) {
        out.writeBoolean(filter.negated());
        write(out, filter);
      }
      out.writeInt(selector.arguments().size());
      for (ArgumentFilter filter : selector.arguments()) {
        out.writeInt(filter.argument());
        out.writeBoolean(filter.negated());
        write(out, filter.matching());
      }
    }
  }

  private static void write(DataOutputStream out, @Nullable ReturnPlan plan) throws IOException {
    out.writeBoolean(plan != null);
    if (plan != null) {
      out.writeInt(plan.kind().code());
      out.writeBoolean(plan.post());
      out.writeInt(plan.signal());
      out.writeInt(plan.filters().size());
      for (var filter : plan.filters()) {
        out.writeBoolean(filter.negated());
        write(out, filter.matching());
      }
    }
  }

  private static void write(DataOutputStream out, ProcessFilter filter) throws IOException {
    switch (filter) {
      case PidFilter(_, var inNamespace, var followForks, var pids) -> {
        out.writeByte(1);
        out.writeBoolean(inNamespace);
        out.writeBoolean(followForks);
        numbers(out, pids);
      }
      case BinaryFilter(_, var whose, var part, var values, var followChildren) -> {
        out.writeByte(2);
        out.writeUTF(whose.name());
        out.writeUTF(part.name());
        texts(out, values);
        out.writeBoolean(followChildren);
      }
      case NamespaceFilter(_, var namespace, var inodes) -> {
        out.writeByte(3);
        out.writeInt(namespace.code());
        numbers(out, inodes);
      }
      case NamespaceChangeFilter(_, var namespaces) -> {
        out.writeByte(4);
        numbers(out, namespaces.stream().map(NamespaceKind::code).toList());
      }
      case CapabilityFilter(_, var set, var capabilities, var hostUser) -> {
        out.writeByte(5);
        out.writeInt(set.code());
        out.writeLong(capabilities);
        out.writeInt(hostUser);
      }
      case CapabilityChangeFilter(_, var set, var capabilities, var hostUser) -> {
        out.writeByte(6);
        out.writeInt(set.code());
        out.writeLong(capabilities);
        out.writeInt(hostUser);
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
      case Matching.InRange(var ranges) -> {
        out.writeByte(8);
        ranges(out, ranges);
      }
      case Matching.FileTypeOneOf(var modes) -> {
        out.writeByte(9);
        numbers(out, modes);
      }
      case Matching.PropertyInRange(var property, var ranges) -> {
        out.writeByte(10);
        out.writeUTF(property.name());
        ranges(out, ranges);
      }
      case Matching.InNetworks(var destination, var networks) -> {
        out.writeByte(11);
        out.writeBoolean(destination);
        texts(out, networks.stream().map(Network::toString).toList());
      }
    }
  }

  /** The ends, each for themselves, say which numbers are in any range. */
  private static void ranges(DataOutputStream out, Collection<Range> ranges) throws IOException {
    numbers(out, ranges.stream().map(Range::low).toList());
    numbers(out, ranges.stream().map(Range::high).toList());
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
