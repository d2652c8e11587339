package dev.skep.policy;

import dev.skep.crds.v1alpha1.SelectorSpec.BinaryFilterSpec;
import dev.skep.crds.v1alpha1.SelectorSpec.CapabilityFilterSpec;
import dev.skep.crds.v1alpha1.SelectorSpec.NamespaceChangeFilterSpec;
import dev.skep.crds.v1alpha1.SelectorSpec.NamespaceFilterSpec;
import dev.skep.crds.v1alpha1.SelectorSpec.PidFilterSpec;
import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.Capability;
import dev.skep.policy.ast.Matching.Texts.Part;
import dev.skep.policy.ast.Selector.BinaryFilter;
import dev.skep.policy.ast.Selector.CapabilityFilter;
import dev.skep.policy.ast.Selector.CapabilitySet;
import dev.skep.policy.ast.Selector.Namespace;
import dev.skep.policy.ast.Selector.NamespaceChangeFilter;
import dev.skep.policy.ast.Selector.NamespaceFilter;
import dev.skep.policy.ast.Selector.PidFilter;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The filters that look at the calling process, one entry each. Null: it is wrong, and told. */
final class ProcessFilterReader {
  private static final String HOST = "host_ns";
  private static final NumberRange INODES = NumberRange.of(ArgumentType.UINT32);

  private final Problems problems;

  ProcessFilterReader(Problems problems) {
    this.problems = problems;
  }

  @Nullable PidFilter readPids(PidFilterSpec spec, String path) {
    return spec.operator() == null || spec.values().isEmpty()
        ? null // reported as missing
        : new PidFilter(
            path,
            negates(spec.operator()),
            Boolean.TRUE.equals(spec.isNamespacePID()),
            Boolean.TRUE.equals(spec.followForks()),
            spec.values().stream().map(Math::toIntExact).collect(Collectors.toSet()));
  }

  private static boolean negates(String operator) {
    return operator.startsWith("Not");
  }

  @Nullable BinaryFilter readBinaries(BinaryFilterSpec spec, String path) {
    var operator = spec.operator();
    if (operator == null || spec.values().isEmpty()) {
      return null; // reported as missing
    }
    var part =
        switch (operator) {
          case "Prefix", "NotPrefix" -> BinaryFilter.Part.PREFIX;
          case "Postfix", "NotPostfix" -> BinaryFilter.Part.POSTFIX;
          default -> BinaryFilter.Part.WHOLE;
        };
    boolean whole = true;
    for (int i = 0; i < spec.values().size(); i++) {
      whole &= checkBinary(part, spec.values().get(i), Path.item(path + ".values", i));
    }
    return whole
        ? new BinaryFilter(
            path,
            negates(operator),
            part,
            spec.values(),
            Boolean.TRUE.equals(spec.followChildren()))
        : null;
  }

  private boolean checkBinary(BinaryFilter.Part part, String binary, String path) {
    boolean whole = part == BinaryFilter.Part.WHOLE;
    if ((whole && !binary.startsWith("/")) || binary.indexOf('\0') >= 0) {
      problems.invalid(
          path,
          "is "
              + Text.quote(binary)
              + (whole ? ", must be a path that begins with /" : ", but no path has a NUL"));
      return false;
    }
    int limit =
        TextValues.bytes(
            switch (part) {
              case WHOLE -> Part.WHOLE;
              case PREFIX -> Part.PREFIX;
              case POSTFIX -> Part.POSTFIX;
            });
    if (binary.getBytes(StandardCharsets.UTF_8).length > limit) {
      problems.invalid(path, "is longer than the " + limit + " bytes that are compared");
      return false;
    }
    return true;
  }

  @Nullable NamespaceFilter readNamespaces(NamespaceFilterSpec spec, String path) {
    if (spec.namespace() == null || spec.operator() == null || spec.values().isEmpty()) {
      return null; // reported as missing
    }
    var namespace = Namespace.of(spec.namespace()).orElseThrow();
    boolean host = false;
    boolean whole = true;
    var inodes = new HashSet<Long>();
    for (int i = 0; i < spec.values().size(); i++) {
      var value = spec.values().get(i);
      var inode = INODES.parse(value);
      if (value.equals(HOST)) {
        host = true;
      } else if (inode.isPresent() && inode.getAsLong() != 0) {
        inodes.add(inode.getAsLong());
      } else {
        whole = false;
        problems.invalid(
            Path.item(path + ".values", i),
            "is "
                + Text.quote(value)
                + ", must be "
                + HOST
                + " or the number of a namespace, such as 4026531836 (lsns shows them)");
      }
    }
    return whole
        ? new NamespaceFilter(path, namespace, negates(spec.operator()), host, inodes)
        : null;
  }

  @Nullable NamespaceChangeFilter readNamespaceChanges(
      NamespaceChangeFilterSpec spec, String path) {
    var namespaces =
        words(spec.values(), path, Namespace::of, "no kind of namespace", Namespace.words());
    return spec.operator() == null || namespaces.isEmpty()
        ? null
        : new NamespaceChangeFilter(path, negates(spec.operator()), namespaces);
  }

  @Nullable CapabilityFilter readCapabilities(CapabilityFilterSpec spec, String path) {
    var capabilities =
        words(spec.values(), path, Capability::of, "no capability", Capability.words());
    if (spec.operator() == null || capabilities.isEmpty()) {
      return null;
    }
    var set =
        switch (spec.type()) {
          case "Inheritable" -> CapabilitySet.INHERITABLE;
          case "Permitted" -> CapabilitySet.PERMITTED;
          case null, default -> CapabilitySet.EFFECTIVE;
        };
    return new CapabilityFilter(
        path,
        set,
        negates(spec.operator()),
        Boolean.TRUE.equals(spec.isNamespaceCapability()),
        capabilities);
  }

  /** Empty if any of them is wrong. */
  private <T> Set<T> words(
      List<String> values,
      String path,
      Function<String, Optional<T>> parse,
      String wrong,
      Collection<String> right) {
    var read =
        Entries.parse(
            problems,
            values,
            path + ".values",
            parse,
            word -> wrong + "; " + problems.instead(word, right));
    return read == null ? Set.of() : new HashSet<>(read);
  }
}
