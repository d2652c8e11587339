package dev.skep.policy;

import dev.skep.crds.v1alpha1.TracingPolicySpec.ListSpec;
import dev.skep.policy.ast.Call;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The policy's lists by name, for hooks and filters that say {@code list:NAME}. */
final class ValueLists {
  private static final String REFERENCE = "list:";

  private final Map<String, ValueList> lists = new LinkedHashMap<>();

  sealed interface ValueList {
    /** As they are written; what they mean depends on who asks. */
    record Plain(List<String> values) implements ValueList {}

    record Syscalls(List<Call.Syscall> calls) implements ValueList {}

    /** What is wrong with it was reported. */
    record Unreadable() implements ValueList {}
  }

  private ValueLists() {}

  /** Without any. */
  static ValueLists none() {
    return new ValueLists();
  }

  static ValueLists read(List<ListSpec> specs, Problems problems) {
    var lists = new ValueLists();
    for (int i = 0; i < specs.size(); i++) {
      var path = Path.item("spec.lists", i);
      var spec = specs.get(i);
      var list = read(spec, path, problems);
      if (spec.name() != null && lists.lists.putIfAbsent(spec.name(), list) != null) {
        problems.invalid(path + ".name", "is " + Text.quote(spec.name()) + " for the second time");
      }
    }
    return lists;
  }

  private static ValueList read(ListSpec spec, String path, Problems problems) {
    var type = spec.type() == null ? "" : spec.type();
    if (type.startsWith("generated_")) {
      problems.unsupported(path + ".type", "lists that are made of what the kernel has");
      return new ValueList.Unreadable();
    }
    if (spec.pattern() != null && !spec.pattern().isEmpty()) {
      problems.invalid(path + ".pattern", "belongs to a list of type generated_ftrace");
    }
    if (spec.values().isEmpty()) {
      problems.invalid(path + ".values", "is missing, but a list needs values");
      return new ValueList.Unreadable();
    }
    if (type.isEmpty()) {
      return new ValueList.Plain(spec.values());
    }
    var calls = new ArrayList<Call.Syscall>();
    for (int i = 0; i < spec.values().size(); i++) {
      var at = Path.item(path + ".values", i);
      var call = new CallReader(problems).readSyscall(spec.values().get(i), at);
      if (call != null) {
        calls.add(call);
      }
    }
    return calls.size() == spec.values().size()
        ? new ValueList.Syscalls(calls)
        : new ValueList.Unreadable();
  }

  static boolean isReference(String value) {
    return value.startsWith(REFERENCE);
  }

  /** What the list has, as a filter would say it. Null: it is missing or wrong, and told. */
  @Nullable List<String> texts(String reference, String path, Problems problems) {
    return switch (find(reference, path, problems)) {
      case null -> null;
      case ValueList.Unreadable() -> null;
      case ValueList.Plain(var values) -> values;
      case ValueList.Syscalls(var calls) ->
          calls.stream().map(call -> String.valueOf(call.syscall64())).toList();
    };
  }

  /** Null: there is none of that name, which is reported. */
  @Nullable ValueList find(String reference, String path, Problems problems) {
    var name = reference.substring(REFERENCE.length());
    var list = lists.get(name);
    if (list == null) {
      problems.invalid(
          path,
          "is "
              + Text.quote(reference)
              + ", but "
              + (lists.isEmpty()
                  ? "the policy has no lists; add it to spec.lists"
                  : "spec.lists has no such list; " + problems.instead(name, lists.keySet())));
    }
    return list;
  }
}
