package dev.skep.policy;

import dev.skep.crds.v1alpha1.SelectorSpec;
import dev.skep.crds.v1alpha1.SelectorSpec.BinaryFilterSpec;
import dev.skep.crds.v1alpha1.SelectorSpec.PidFilterSpec;
import dev.skep.policy.Hook.ArgumentFilter;
import dev.skep.policy.Hook.BinaryFilter;
import dev.skep.policy.Hook.PidFilter;
import dev.skep.policy.Hook.Selector;
import dev.skep.policy.KprobeReader.ArgumentTable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** One entry of {@code selectors}. */
final class SelectorReader {
  private static final int PID_FILTERS = 2;
  private static final int BINARY_BYTES = 255;

  private final Problems problems;
  private final String path;
  private final ArgumentTable arguments;

  SelectorReader(Problems problems, String path, ArgumentTable arguments) {
    this.problems = problems;
    this.path = path;
    this.arguments = arguments;
  }

  Selector read(SelectorSpec spec) {
    refuseExtras(spec);
    return new Selector(
        spec.label(),
        readPids(spec.matchPIDs()),
        readBinaries(spec.matchBinaries()),
        readFilters(spec),
        new ActionReader(problems, path + ".matchActions").read(spec.matchActions()));
  }

  private void refuseExtras(SelectorSpec spec) {
    refuse(spec.macros(), "macros", "macros of selectors; write the filters here");
    refuse(spec.matchParentBinaries(), "matchParentBinaries", "filters on the parent process");
    refuse(spec.matchData(), "matchData", "filters on values that are no arguments");
    refuse(spec.matchReturnArgs(), "matchReturnArgs", "filters on the return value");
    refuse(spec.matchReturnActions(), "matchReturnActions", "actions when the call returns");
    refuse(spec.matchNamespaces(), "matchNamespaces", "filters on namespaces");
    refuse(spec.matchNamespaceChanges(), "matchNamespaceChanges", "filters on namespaces");
    refuse(spec.matchCapabilities(), "matchCapabilities", "filters on capabilities");
    refuse(spec.matchCapabilityChanges(), "matchCapabilityChanges", "filters on capabilities");
    refuse(spec.matchWorkloads(), "matchWorkloads", "choosing pods and containers");
  }

  private void refuse(List<?> entries, String field, String what) {
    if (!entries.isEmpty()) {
      problems.unsupported(path + "." + field, what);
    }
  }

  private List<PidFilter> readPids(List<PidFilterSpec> specs) {
    if (specs.size() > PID_FILTERS) {
      problems.unsupported(
          path + ".matchPIDs",
          Text.count(specs.size(), "filter") + " in one selector; " + PID_FILTERS + " can be used");
    }
    return specs.stream()
        .filter(spec -> !spec.values().isEmpty()) // reported as missing
        .map(spec ->
            new PidFilter(
                "NotIn".equals(spec.operator()),
                Boolean.TRUE.equals(spec.isNamespacePID()),
                Boolean.TRUE.equals(spec.followForks()),
                spec.values().stream().map(Long::intValue).collect(Collectors.toSet())))
        .toList();
  }

  private List<BinaryFilter> readBinaries(List<BinaryFilterSpec> specs) {
    var filters = new ArrayList<BinaryFilter>();
    for (int i = 0; i < specs.size(); i++) {
      var spec = specs.get(i);
      var at = Path.item(path + ".matchBinaries", i);
      var operator = spec.operator();
      if (operator != null && !operator.equals("In") && !operator.equals("NotIn")) {
        problems.unsupported(
            at + ".operator", operator + " of binaries; write whole paths with In or NotIn");
      }
      if (Boolean.TRUE.equals(spec.followChildren())) {
        problems.unsupported(at + ".followChildren", "descendants of a binary");
      }
      if ("In".equals(operator) || "NotIn".equals(operator)) {
        checkBinaries(spec.values(), at + ".values");
      }
      if (!spec.values().isEmpty()) {
        filters.add(new BinaryFilter("NotIn".equals(operator), Set.copyOf(spec.values())));
      }
    }
    return filters;
  }

  private void checkBinaries(List<String> paths, String at) {
    for (int i = 0; i < paths.size(); i++) {
      var binary = paths.get(i);
      if (!binary.startsWith("/") || binary.indexOf('\0') >= 0) {
        problems.invalid(
            Path.item(at, i), "is " + Text.quote(binary) + ", must be a path that begins with /");
      } else if (binary.getBytes(StandardCharsets.UTF_8).length > BINARY_BYTES) {
        problems.invalid(
            Path.item(at, i), "is longer than the " + BINARY_BYTES + " bytes that are compared");
      }
    }
  }

  private List<ArgumentFilter> readFilters(SelectorSpec spec) {
    var filters = new ArrayList<ArgumentFilter>();
    for (int i = 0; i < spec.matchArgs().size(); i++) {
      new FilterReader(problems, Path.item(path + ".matchArgs", i), arguments)
          .read(spec.matchArgs().get(i))
          .ifPresent(filters::add);
    }
    return filters;
  }
}
