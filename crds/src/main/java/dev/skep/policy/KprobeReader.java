package dev.skep.policy;

import dev.skep.crds.v1alpha1.ArgumentSpec;
import dev.skep.crds.v1alpha1.HookSpec.KprobeSpec;
import dev.skep.policy.Hook.Argument;
import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Hook.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One entry of {@code spec.kprobes}: so far a system call. */
final class KprobeReader {
  private static final List<String> PREFIXES = List.of("__x64_sys_", "sys_");
  private static final List<String> OTHER_TABLES = List.of("__ia32_", "__arm64_", "__arm32_");
  private static final Set<ArgumentType> RETURNED =
      Set.of(ArgumentType.INT, ArgumentType.LONG, ArgumentType.SIZE);

  private final Problems problems;
  private final String path;

  KprobeReader(Problems problems, String path) {
    this.problems = problems;
    this.path = path;
  }

  @Nullable Hook read(int index, KprobeSpec spec) {
    if (Boolean.FALSE.equals(spec.syscall())) {
      problems.unsupported(
          path + ".syscall",
          (spec.call() == null ? "this" : Text.plain(spec.call()))
              + " is a function of the kernel, only system calls can be hooked");
      problems.beyond(path);
    }
    var syscall = readCall(spec);
    refuseExtras(spec);
    var arguments = readArguments(spec.args());
    var returned = readReturned(spec);
    var reported =
        arguments.stream().map(ReadArgument::argument).flatMap(Optional::stream).toList();
    var selectors = readSelectors(spec, new ArgumentTable(arguments));
    if (spec.call() == null || syscall == null || problems.any()) {
      return null;
    }
    return new Hook.Syscall(
        index,
        path,
        spec.call(),
        syscall,
        reported,
        returned,
        selectors,
        spec.message(),
        spec.tags());
  }

  private @Nullable String readCall(KprobeSpec spec) {
    var call = spec.call();
    if (call == null || Boolean.FALSE.equals(spec.syscall())) {
      return null;
    }
    if (call.startsWith("list:")) {
      problems.unsupported(path + ".call", "a list of calls; write one kprobe for each");
      return null;
    }
    if (OTHER_TABLES.stream().anyMatch(call::startsWith)) {
      problems.unsupported(path + ".call", "calls other than those of 64-bit x86 programs");
      return null;
    }
    var prefix = PREFIXES.stream().filter(call::startsWith).findFirst().orElse("");
    var name = call.substring(prefix.length());
    var syscall = Syscalls.ofFunction(name);
    if (syscall.isEmpty()) {
      problems.invalid(path + ".call", "is " + Text.quote(call) + ", no system call" + near(name));
    }
    return syscall.orElse(null);
  }

  private static String near(String name) {
    return Text.nearest(name, Syscalls.names())
        .map(near -> "; did you mean " + Text.quote("sys_" + near) + "?")
        .orElse("; for another function of the kernel write syscall: false");
  }

  private void refuseExtras(KprobeSpec spec) {
    if (!spec.data().isEmpty()) {
      problems.unsupported(path + ".data", "values that are no arguments");
    }
    if (spec.returnArgAction() != null && !spec.returnArgAction().isEmpty()) {
      problems.unsupported(path + ".returnArgAction", "actions on the return value");
    }
    if (spec.ignore() != null && Boolean.TRUE.equals(spec.ignore().callNotFound())) {
      problems.unsupported(
          path + ".ignore.callNotFound", "leaving out calls that do not exist; delete it");
    }
  }

  private List<ReadArgument> readArguments(List<ArgumentSpec> specs) {
    var read = new ArrayList<ReadArgument>();
    for (int i = 0; i < specs.size(); i++) {
      var at = Path.item(path + ".args", i);
      var argument = new ArgumentReader(problems, at).read(specs.get(i));
      var index = argument.index();
      if (index != null && read.stream().anyMatch(r -> index.equals(r.index()))) {
        problems.invalid(at + ".index", "is " + index + " for the second time");
      }
      read.add(argument);
    }
    return read;
  }

  private @Nullable Argument readReturned(KprobeSpec spec) {
    boolean wanted = Boolean.TRUE.equals(spec.wantsReturn());
    if (spec.returnArg() == null) {
      if (wanted) {
        problems.invalid(
            path + ".returnArg", "is missing, but return is true; add {index: 0, type: int}");
      }
      return null;
    }
    if (!wanted) {
      problems.invalid(
          path + ".returnArg", "is there, but return is not true; add return: true or delete it");
      return null;
    }
    var at = path + ".returnArg";
    var read = new ArgumentReader(problems, at).read(spec.returnArg());
    if (read.type().isPresent() && !RETURNED.contains(read.type().get())) {
      problems.unsupported(
          at + ".type", "a return value of this type; int, long and size_t can be reported");
      return null;
    }
    return read.argument().orElse(null);
  }

  private List<Selector> readSelectors(KprobeSpec spec, ArgumentTable arguments) {
    var selectors = new ArrayList<Selector>();
    for (int i = 0; i < spec.selectors().size(); i++) {
      selectors.add(
          new SelectorReader(problems, Path.item(path + ".selectors", i), arguments)
              .read(spec.selectors().get(i)));
    }
    return selectors;
  }

  /**
   * An entry of {@code args}.
   *
   * @param index null: reported as missing or wrong
   * @param word its type as the policy says; null: reported as missing or wrong
   * @param type empty for a nop and for what cannot be read yet
   * @param argument empty for a nop and for what was reported
   */
  record ReadArgument(
      @Nullable Long index,
      @Nullable String word,
      Optional<ArgumentType> type,
      Optional<Argument> argument) {

    boolean isNop() {
      return "nop".equals(word);
    }
  }

  /** Finds what a filter means. */
  record ArgumentTable(List<ReadArgument> arguments) {
    Optional<ReadArgument> withIndex(long index) {
      return arguments.stream().filter(a -> a.index() != null && a.index() == index).findFirst();
    }

    /** In {@link Hook.Syscall#arguments}. */
    int position(ReadArgument argument) {
      return arguments.stream().filter(a -> a.argument().isPresent()).toList().indexOf(argument);
    }

    /** Whether an entry could not be read, so that nobody knows what is missing. */
    boolean isDoubtful() {
      return arguments.stream().anyMatch(a -> a.index() == null);
    }

    String indexes() {
      return arguments.isEmpty()
          ? "there are no args"
          : "args has "
              + arguments.stream()
                  .map(a -> String.valueOf(a.index()))
                  .collect(Collectors.joining(", "));
    }
  }
}
