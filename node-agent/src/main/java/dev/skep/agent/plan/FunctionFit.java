package dev.skep.agent.plan;

import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelFunction.Parameter;
import dev.skep.policy.Hook;
import dev.skep.policy.Hook.ArgumentType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Whether a hook reads of a function's arguments what this node's kernel has there. Pure. */
final class FunctionFit {
  /** Of what the kernel's functions say they take, whichever family it has. */
  private static final Set<String> ADDRESSES =
      Set.of(
          "sockaddr",
          "sockaddr_unsized", // since 6.19
          "sockaddr_storage",
          "__kernel_sockaddr_storage",
          "sockaddr_un");

  private static final int LAST_ARGUMENT = 5;

  private FunctionFit() {}

  static List<String> problems(Hook hook, String symbol, KernelFunction function) {
    return switch (function) {
      case KernelFunction.Missing _ ->
          List.of(
              hook.path()
                  + ".call: this node's kernel has no function "
                  + symbol
                  + "; kernels differ in them: keep the policy off such nodes with nodeSelector, or"
                  + " hook a function that they all have");
      case KernelFunction.Untyped _ -> List.of();
      case KernelFunction.Typed(var parameters, _) -> problems(hook, symbol, parameters);
    };
  }

  /**
   * @param what has these parameters
   */
  static List<String> problems(Hook hook, String what, List<Parameter> parameters) {
    var problems = new ArrayList<String>();
    for (var argument : hook.arguments()) {
      var at = hook.path() + ".args: " + what + " of this node's kernel has ";
      if (argument.index() >= parameters.size()) {
        problems.add(at + count(parameters.size()) + ", none with index " + argument.index());
      } else if (!fits(argument.type(), parameters.get(argument.index()))) {
        problems.add(
            "%s%s at index %d, not %s"
                .formatted(
                    at,
                    words(parameters.get(argument.index())),
                    argument.index(),
                    words(argument.type())));
      }
      int size = argument.sizeIndex().orElse(0);
      if (argument.sizeIndex().isPresent()
          && !(size < parameters.size() && parameters.get(size) instanceof Parameter.Integral)) {
        problems.add(at + "no number at index " + size + " that could be a length");
      }
    }
    return problems;
  }

  /** A register that is narrower than what is read of it would have anything in its upper half. */
  private static boolean fits(ArgumentType type, Parameter parameter) {
    return switch (parameter) {
      case Parameter.Integral(int bytes, _) ->
          type.bytes() > 0 && type.bytes() <= Math.max(bytes, 4);
      case Parameter.Text() ->
          type.bytes() == Long.BYTES || (type.bytes() == 0 && type.struct().isEmpty());
      case Parameter.Pointer(var struct) when !type.struct().isEmpty() -> isOf(type, struct);
      case Parameter.Pointer(var struct) ->
          type.bytes() == Long.BYTES || (type.bytes() == 0 && struct.isEmpty());
      case Parameter.Other() -> false;
    };
  }

  private static boolean isOf(ArgumentType type, String struct) {
    return struct.equals(type.struct())
        || (isAddress(type)
            && ADDRESSES.contains(struct)
            && !(type == ArgumentType.SOCKADDR && struct.equals("sockaddr_un")));
  }

  private static boolean isAddress(ArgumentType type) {
    return type == ArgumentType.SOCKADDR || type == ArgumentType.SOCKADDR_UN;
  }

  /**
   * Which argument has the address' length: functions are given the two side by side. 0: none, or
   * nobody knows.
   */
  static int lengthOf(Hook.Argument address, KernelFunction function) {
    int next = address.index() + 1;
    return isAddress(address.type())
            && next <= LAST_ARGUMENT
            && function instanceof KernelFunction.Typed(var parameters, _)
            && next < parameters.size()
            && parameters.get(next) instanceof Parameter.Integral
        ? next
        : 0;
  }

  private static String words(Parameter parameter) {
    return switch (parameter) {
      case Parameter.Integral(int bytes, _) -> "a number of " + 8 * bytes + " bits";
      case Parameter.Text() -> "a pointer to characters";
      case Parameter.Pointer(var struct) when struct.isEmpty() -> "a pointer";
      case Parameter.Pointer(var struct) -> "a pointer to struct " + struct;
      case Parameter.Other() -> "what cannot be read";
    };
  }

  private static String words(ArgumentType type) {
    if (!type.struct().isEmpty()) {
      return "one to struct " + type.struct();
    }
    return type.bytes() > 0 ? "a number of " + 8 * type.bytes() + " bits" : "a text";
  }

  private static String count(int parameters) {
    return parameters == 1 ? "1 parameter" : parameters + " parameters";
  }
}
