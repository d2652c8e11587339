package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.Owner;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.Range;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.HookPlan.TextPart;
import dev.skep.bpf.KernelTracepoint;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyPlan.Scope;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Plans for tests. System call numbers of x86-64. */
final class Plans {
  static final int WRITE = 1;
  static final int FSYNC = 74;
  static final int SIGKILL = 9;
  private static final int SELECTORS = 5; // of a hook, at most
  private static final List<ArgumentPlan> DESCRIPTOR =
      List.of(new ArgumentPlan(ArgumentKind.FD, 0, 0));

  private Plans() {}

  static PolicyPlan policy(String uid, long generation, HookPlan... hooks) {
    return new PolicyPlan(uid, generation, false, Scope.EVERYWHERE, List.of(hooks));
  }

  static PolicyPlan monitor(PolicyPlan plan) {
    return new PolicyPlan(plan.uid(), plan.generation(), true, plan.scope(), plan.hooks());
  }

  static PolicyPlan chosen(PolicyPlan plan) {
    return new PolicyPlan(
        plan.uid(), plan.generation(), plan.monitor(), Scope.CHOSEN, plan.hooks());
  }

  /** Kills who writes to one of the files. */
  static HookPlan killWritesTo(int index, Path... files) {
    return writes(index, List.of(), SIGKILL, files);
  }

  /** Who opens the file gets EPERM. */
  static HookPlan refuseOpensOf(int index, HookPlan.Place place, Path file) {
    var filter = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file.toString())));
    return new HookPlan(
        index,
        place,
        false,
        List.of(new ArgumentPlan(ArgumentKind.FILE, 0, 0)),
        List.of(new SelectorPlan(List.of(), List.of(filter), true, 0, null, -1)));
  }

  /** The same by the tracepoint of the call. */
  static HookPlan killWritesSeenByTracepointTo(int index, Path file) throws BpfException {
    var write = new HookPlan.Place.Tracepoint("syscalls", "sys_enter_write");
    var format = (KernelTracepoint.Format) Tracefs.tracepoint(write.subsystem(), write.event());
    var fd = format.fields().stream().filter(it -> it.name().equals("fd")).findAny().orElseThrow();
    var filter = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file.toString())));
    return new HookPlan(
        index,
        write,
        false,
        List.of(
            new ArgumentPlan(ArgumentKind.FD, 0, new HookPlan.Field(fd.offset(), Integer.BYTES))),
        List.of(new SelectorPlan(List.of(), List.of(), List.of(filter), true, SIGKILL)));
  }

  /** Kills who executes the file. */
  static HookPlan killExecsOf(int index, Path file) {
    var filter = new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file.toString())));
    return new HookPlan(
        index,
        new HookPlan.Place.RawTracepoint("sched_process_exec"),
        false,
        List.of(new ArgumentPlan(ArgumentKind.BINPRM, 2, 0)),
        List.of(new SelectorPlan(List.of(), List.of(), List.of(filter), true, SIGKILL)));
  }

  static HookPlan watchWritesTo(int index, Path... files) {
    return writes(index, List.of(), 0, files);
  }

  /** Hooks without effect, each with a value set of its own; five sets to a hook. */
  static HookPlan[] hooksOnFiles(List<String> files) {
    var selectors =
        files.stream()
            .map(file -> new ArgumentFilter(0, false, new Matching.TextOneOf(Set.of(file))))
            .map(filter -> new SelectorPlan(List.of(), List.of(), List.of(filter), false, 0))
            .toList();
    return IntStream.range(0, (files.size() + SELECTORS - 1) / SELECTORS)
        .mapToObj(index ->
            new HookPlan(
                index,
                Set.of(FSYNC),
                false,
                DESCRIPTOR,
                selectors.subList(
                    index * SELECTORS, Math.min(selectors.size(), (index + 1) * SELECTORS))))
        .toArray(HookPlan[]::new);
  }

  /** The same hook on another system call. */
  static HookPlan on(HookPlan hook, int syscall) {
    return new HookPlan(
        hook.index(), Set.of(syscall), hook.wantsReturn(), hook.arguments(), hook.selectors());
  }

  /** Kills who writes to the file, but for this process and its descendants. */
  static HookPlan killWritesOfStrangersTo(int index, Path file, int pid) {
    var strangers = new PidFilter(true, false, true, Set.of(pid));
    return writes(index, List.of(strangers), SIGKILL, file);
  }

  /** Kills who writes to the file, but for who descends from an executable that begins so. */
  static HookPlan killWritesOfStrangersTo(int index, Path file, String binary) {
    var strangers = new BinaryFilter(true, Owner.SELF, TextPart.PREFIX, Set.of(binary), true);
    var everyDescriptor =
        new Matching.InRange(Set.of(new Range(0, 0), new Range(1, 9), new Range(10, 1 << 20)));
    var toFile = new Matching.TextOneOf(Set.of(file.toString()));
    var selector =
        new SelectorPlan(
            List.of(strangers),
            List.of(
                new ArgumentFilter(0, false, everyDescriptor),
                new ArgumentFilter(0, false, toFile)),
            true,
            SIGKILL);
    return new HookPlan(index, Set.of(WRITE), false, DESCRIPTOR, List.of(selector));
  }

  private static HookPlan writes(int index, List<PidFilter> pids, int signal, Path... files) {
    var texts = Set.copyOf(List.of(files).stream().map(Path::toString).toList());
    var toFile = new ArgumentFilter(0, false, new Matching.TextOneOf(texts));
    var selector = new SelectorPlan(pids, List.of(), List.of(toFile), true, signal);
    return new HookPlan(index, Set.of(WRITE), false, DESCRIPTOR, List.of(selector));
  }
}
