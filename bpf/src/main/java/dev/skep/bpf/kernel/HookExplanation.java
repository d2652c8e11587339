package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.kernel.HookPlanCodec.Resources;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How the kernel will hold a hook, in words for people: made by the code that makes its constants
 * and its maps. Pure.
 */
public final class HookExplanation implements Resources {
  private static final int SHOWN = 8;

  private final HookPlan hook;
  private final KernelWays kernel;
  private final List<String> lines = new ArrayList<>();
  private final Map<ValueSet, Integer> sets = new LinkedHashMap<>();
  private final Map<Set<Followed>, Integer> followed = new LinkedHashMap<>();

  private HookExplanation(HookPlan hook, KernelWays kernel) {
    this.hook = hook;
    this.kernel = kernel;
  }

  /**
   * Lines of text.
   *
   * @throws BpfException if the plan has no room in the kernel's maps
   */
  public static List<String> of(HookPlan hook, KernelWays kernel) throws BpfException {
    var explanation = new HookExplanation(hook, kernel);
    explanation.explain();
    return List.copyOf(explanation.lines);
  }

  private void explain() throws BpfException {
    lines.addAll(attachments());
    lines.add("programs: 1 of this hook's own, called by the dispatcher where its policy acts");
    for (int i = 0; i < hook.arguments().size(); i++) {
      lines.add("argument " + i + ": " + words(hook.arguments().get(i)));
    }
    if (hook.selectors().isEmpty()) {
      lines.add("every call: tell");
    }
    for (int i = 0; i < hook.selectors().size(); i++) {
      var selector = hook.selectors().get(i);
      lines.add("selector " + i + (i == 0 ? ":" : ", for whom no earlier one was:"));
      for (var filter : HookPlanCodec.filters(selector, hook, this)) {
        lines.add("  if " + words(filter));
      }
      lines.add("  then " + actions(selector));
    }
    explainMaps();
  }

  private List<String> attachments() {
    return switch (hook.place()) {
      case Place.Syscalls(var numbers, var functions) -> {
        var calls = new TreeSet<>(numbers);
        var at = new ArrayList<String>();
        at.add(
            "attached to: %s, whose one dispatcher serves all policies and all calls; of these %s"
                .formatted(where("enter"), calls));
        if (hook.wantsReturn()) {
          at.add("attached to: " + where("exit") + ", for what the call returns");
        }
        at.add("because: " + why());
        if (hook.overrides()) {
          at.add("refused by: fmod_ret on " + few(new TreeSet<>(functions.values())));
        }
        yield at;
      }
      case Place.Function(var name) -> {
        var at = new ArrayList<String>();
        at.add(
            "attached to: %s by kprobe, whose dispatcher serves all policies on it"
                .formatted(name));
        if (hook.wantsReturn()) {
          at.add("attached to: %s by kretprobe, for what it returns".formatted(name));
        }
        if (hook.overrides()) {
          at.add("refused by: " + override(name));
        }
        yield at;
      }
      case Place.Functions(var names) ->
          List.of(
              "attached to: %s by kprobes, whose dispatcher serves all policies on them"
                  .formatted(few(new TreeSet<>(names))));
      case Place.Tracepoint(var subsystem, var event) ->
          List.of(
              "attached to: perf's tracepoint %s/%s, whose dispatcher serves all policies on it"
                  .formatted(subsystem, event));
      case Place.RawTracepoint(var event) ->
          List.of(
              "attached to: the raw tracepoint %s, whose dispatcher serves all policies on it"
                  .formatted(event));
      case Place.LsmHook(var name) ->
          List.of(
              "attached to: the LSM hook %s, whose dispatcher serves all policies on it"
                      .formatted(name)
                  + (hook.overrides() ? "; what it returns is the kernel's answer" : ""));
    };
  }

  private String where(String side) {
    return switch (kernel.dispatch()) {
      case RAW_TRACEPOINT -> "the raw tracepoint sys_" + side;
      case PERF_TRACEPOINT -> "perf's tracepoint raw_syscalls/sys_" + side;
    };
  }

  private String why() {
    return switch (kernel.dispatch()) {
      case RAW_TRACEPOINT -> "it is the cheapest way that misses no call on this kernel";
      case PERF_TRACEPOINT -> "this kernel stops programs on raw tracepoints, and would miss calls";
    };
  }

  private String override(String function) {
    return kernel.overridesByModule()
        ? "the LSM hook %s where there is one, for this kernel stops fmod_ret programs; else fmod_ret"
            .formatted(function.replaceFirst("^security_", ""))
        : "fmod_ret on %s".formatted(function);
  }

  private static String words(ArgumentPlan argument) {
    var field = argument.field();
    if (field != null) {
      return word(argument.kind()) + " of the field at byte " + field.offset();
    }
    return word(argument.kind())
        + " of parameter "
        + argument.index()
        + (argument.kind() == HookPlan.ArgumentKind.CHAR_BUF
            ? ", as long as parameter " + argument.sizeIndex() + " says"
            : "")
        + (argument.kind().isPath() ? ", as the path that the kernel resolved" : "");
  }

  private String words(FilterPlan filter) {
    var text = new StringBuilder(filter.negated() ? "not " : "").append(word(filter.operator()));
    text.append(subject(filter));
    if (filter.operator() == FilterOperator.FOLLOWED) {
      text.append(", bit ").append(filter.set());
    } else if (filter.operator().usesSet(filter.count())) {
      text.append(", set ").append(filter.set());
    } else if (!filter.values().isEmpty()) {
      text.append(", inline ").append(filter.values());
    }
    return text.toString();
  }

  /**
   * Operators on arguments and some on processes say in one member of the plan what they look at.
   */
  private static String subject(FilterPlan filter) {
    int code = filter.argument();
    return switch (filter.operator()) {
      case NONE, ALWAYS, PID, NAMESPACE_PID, FOLLOWED, NAMESPACE_CHANGE -> "";
      case BINARY_EQUAL, BINARY_PREFIX, BINARY_POSTFIX ->
          code == Structs.BINARY_OF_PARENT ? " of the parent" : "";
      case NAMESPACE ->
          " "
              + word(
                  Arrays.stream(HookPlan.NamespaceKind.values())
                      .filter(kind -> kind.code() == code)
                      .findFirst()
                      .orElseThrow());
      case CAPABILITY, CAPABILITY_CHANGE ->
          " "
              + word(
                  Arrays.stream(HookPlan.CapabilitySet.values())
                      .filter(set -> set.code() == code)
                      .findFirst()
                      .orElseThrow());
      default -> code == Structs.OF_RETURN ? " of what it returns" : " of argument " + code;
    };
  }

  private static String actions(SelectorPlan selector) {
    var actions = new ArrayList<String>();
    if (selector.error() != 0) {
      actions.add("return " + selector.error() + " instead");
    }
    if (selector.signal() != 0) {
      actions.add("send signal " + selector.signal());
    }
    var limit = selector.limit();
    if (selector.post()) {
      actions.add(
          limit == null
              ? "tell"
              : "tell, equal ones once in " + limit.seconds() + " s per " + word(limit.scope()));
    }
    var atReturn = selector.atReturn();
    if (atReturn != null && atReturn.signal() != 0) {
      actions.add("send signal " + atReturn.signal() + " when the call returns");
    }
    if (atReturn != null && atReturn.post() != selector.post()) {
      actions.add((atReturn.post() ? "tell" : "do not tell") + " when the call returns");
    }
    return actions.isEmpty() ? "only count" : String.join(", ", actions);
  }

  private void explainMaps() throws BpfException {
    for (var entry : sets.entrySet()) {
      for (var shelf : SetKeys.keys(entry.getKey()).entrySet()) {
        lines.add(
            "map: set %d, %d in %s (%s): %s"
                .formatted(
                    entry.getValue(),
                    shelf.getValue().size(),
                    shelf.getKey().map,
                    word(shelf.getKey().inner),
                    few(texts(shelf.getKey(), shelf.getValue()))));
      }
    }
    for (var entry : followed.entrySet()) {
      lines.add(
          "map: bit %d of each process' followed sets: descendants of %s"
              .formatted(
                  entry.getValue(),
                  few(
                      entry.getKey().stream()
                          .map(Object::toString)
                          .collect(Collectors.toCollection(TreeSet::new)))));
    }
  }

  private static Set<String> texts(SetKeys.Shelf shelf, List<byte[]> keys) {
    var texts = new TreeSet<String>();
    try (var arena = Arena.ofConfined()) {
      for (var key : keys) {
        var aligned = arena.allocate(key.length, Long.BYTES);
        MemorySegment.copy(key, 0, aligned, JAVA_BYTE, 0, key.length);
        texts.add(SetKeys.text(shelf, aligned));
      }
    }
    return texts;
  }

  private static String few(Set<String> texts) {
    var shown = texts.stream().limit(SHOWN).collect(Collectors.joining(", "));
    return texts.size() > SHOWN ? shown + " and " + (texts.size() - SHOWN) + " more" : shown;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  @Override
  public int set(ValueSet values) {
    return sets.computeIfAbsent(values, _ -> sets.size() + 1);
  }

  @Override
  public int followed(Set<Followed> members) {
    return followed.computeIfAbsent(members, _ -> followed.size());
  }

  /** Nobody asks it of an explanation. */
  @Override
  public long secret() {
    return 0;
  }
}
