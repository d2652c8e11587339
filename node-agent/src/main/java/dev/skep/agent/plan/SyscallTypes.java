package dev.skep.agent.plan;

import dev.skep.bpf.KernelTracepoint;
import dev.skep.policy.Hook;
import dev.skep.policy.Hook.Argument;
import dev.skep.policy.ast.ArgumentType;
import java.util.Optional;

/** Types of a system call's arguments, by the tracepoint that has them one by one. Pure. */
record SyscallTypes(String name, KernelTracepoint tracepoint) implements ArgumentTypes {
  /** What is before the first argument in the record: what all have, and the call's number. */
  private static final int FIELDS_BEFORE = 5;

  @Override
  public Optional<ArgumentType> type(Argument argument) {
    if (!(tracepoint instanceof KernelTracepoint.Format format)) {
      return Optional.empty();
    }
    var place = new Hook.Place.Tracepoint("syscalls", "sys_enter_" + name);
    var field =
        new Argument(
            argument.index() + FIELDS_BEFORE,
            argument.type(),
            argument.sizeIndex(),
            argument.label());
    return new TracepointFit(place, format).type(field);
  }

  @Override
  public String noType(Argument argument) {
    return "what argument %d of the system call %s is cannot be found out on this node; write it, such as type: int"
        .formatted(argument.index(), name);
  }
}
