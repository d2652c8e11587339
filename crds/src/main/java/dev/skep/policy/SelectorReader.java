package dev.skep.policy;

import dev.skep.crds.v1alpha1.SelectorSpec;
import dev.skep.policy.ast.Selector;
import java.util.List;

/** The entries of {@code selectors}. */
final class SelectorReader {
  private final Problems problems;
  private final HookContext hook;

  SelectorReader(Problems problems, HookContext hook) {
    this.problems = problems;
    this.hook = hook;
  }

  List<Selector> readAll(List<SelectorSpec> specs, String path) {
    return Entries.each(specs, path, this::read);
  }

  private Selector read(SelectorSpec spec, String path) {
    refuse(spec.macros(), path + ".macros", "macros of selectors; write the filters here");
    refuse(spec.matchData(), path + ".matchData", "filters on values that are no arguments");
    refuse(spec.matchWorkloads(), path + ".matchWorkloads", "choosing pods and containers");
    checkReturns(spec, path);
    var processes = new ProcessFilterReader(problems);
    return new Selector(
        path,
        spec.label(),
        Entries.each(spec.matchPIDs(), path + ".matchPIDs", processes::readPids),
        Entries.each(spec.matchBinaries(), path + ".matchBinaries", processes::readBinaries),
        Entries.each(
            spec.matchParentBinaries(), path + ".matchParentBinaries", processes::readBinaries),
        Entries.each(
            spec.matchArgs(),
            path + ".matchArgs",
            (filter, at) -> new FilterReader(problems, at, hook).read(filter)),
        Entries.each(
            spec.matchReturnArgs(),
            path + ".matchReturnArgs",
            (filter, at) -> new FilterReader(problems, at, hook).readReturn(filter)),
        Entries.each(spec.matchNamespaces(), path + ".matchNamespaces", processes::readNamespaces),
        Entries.each(
            spec.matchNamespaceChanges(),
            path + ".matchNamespaceChanges",
            processes::readNamespaceChanges),
        Entries.each(
            spec.matchCapabilities(), path + ".matchCapabilities", processes::readCapabilities),
        Entries.each(
            spec.matchCapabilityChanges(),
            path + ".matchCapabilityChanges",
            processes::readCapabilities),
        new ActionReader(problems, hook, false)
            .readAll(spec.matchActions(), path + ".matchActions"),
        new ActionReader(problems, hook, true)
            .readAll(spec.matchReturnActions(), path + ".matchReturnActions"));
  }

  private void checkReturns(SelectorSpec spec, String path) {
    if (hook.returns()) {
      return;
    }
    var remedy =
        switch (hook.place()) {
          case SYSCALL, FUNCTION -> "return is not true; add return: true and returnArg";
          case TRACEPOINT, RAW_TRACEPOINT, LSM_HOOK -> hook.place() + " does not return";
        };
    if (!spec.matchReturnArgs().isEmpty()) {
      problems.broken(path + ".matchReturnArgs", "is there, but " + remedy);
    }
    if (!spec.matchReturnActions().isEmpty()) {
      problems.broken(path + ".matchReturnActions", "is there, but " + remedy);
    }
  }

  private void refuse(List<?> entries, String path, String what) {
    if (!entries.isEmpty()) {
      problems.unsupported(path, what);
    }
  }
}
