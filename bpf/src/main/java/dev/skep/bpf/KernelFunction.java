package dev.skep.bpf;

import java.util.List;

/** What this node's kernel says of one of its functions. */
public sealed interface KernelFunction {
  /** It has none of that name that could be watched. */
  record Missing() implements KernelFunction {}

  /** It has the function, and does not tell what its parameters are. */
  record Untyped() implements KernelFunction {}

  /**
   * @param returns whether it returns anything
   */
  record Typed(List<Parameter> parameters, boolean returns) implements KernelFunction {
    public Typed {
      parameters = List.copyOf(parameters);
    }

    /** Of one that returns something. */
    public Typed(List<Parameter> parameters) {
      this(parameters, true);
    }
  }

  /** The type of a parameter, with its names for other types followed. */
  sealed interface Parameter {
    /** An integer, a bool or an enum. */
    record Integral(int bytes, boolean signed) implements Parameter {}

    /** A pointer to characters. */
    record Text() implements Parameter {}

    /**
     * @param struct what it points to, such as {@code file}; empty if that is no struct
     */
    record Pointer(String struct) implements Parameter {}

    /** A struct by value, or what else there is. */
    record Other() implements Parameter {}
  }
}
