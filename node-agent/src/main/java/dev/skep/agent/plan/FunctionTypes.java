package dev.skep.agent.plan;

import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelFunction.Parameter;
import dev.skep.policy.Hook.Argument;
import dev.skep.policy.ast.ArgumentType;
import java.util.Optional;

/** Types of arguments by the parameters of a function of the kernel. Pure. */
record FunctionTypes(String symbol, KernelFunction function) implements ArgumentTypes {
  @Override
  public Optional<ArgumentType> type(Argument argument) {
    return function instanceof KernelFunction.Typed(var parameters, _)
            && argument.index() < parameters.size()
        ? type(parameters.get(argument.index()))
        : Optional.empty();
  }

  private static Optional<ArgumentType> type(Parameter parameter) {
    return switch (parameter) {
      case Parameter.Integral(int bytes, boolean signed) ->
          switch (bytes) {
            case Byte.BYTES -> Optional.of(signed ? ArgumentType.INT8 : ArgumentType.UINT8);
            case Short.BYTES -> Optional.of(signed ? ArgumentType.INT16 : ArgumentType.UINT16);
            case Integer.BYTES -> Optional.of(signed ? ArgumentType.INT32 : ArgumentType.UINT32);
            case Long.BYTES -> Optional.of(signed ? ArgumentType.INT64 : ArgumentType.UINT64);
            default -> Optional.empty();
          };
      case Parameter.Text() -> Optional.of(ArgumentType.STRING);
      case Parameter.Pointer(var struct) ->
          switch (struct) {
            case "file" -> Optional.of(ArgumentType.FILE);
            case "path" -> Optional.of(ArgumentType.PATH);
            case "dentry" -> Optional.of(ArgumentType.DENTRY);
            case "linux_binprm" -> Optional.of(ArgumentType.LINUX_BINPRM);
            case "filename" -> Optional.of(ArgumentType.FILENAME);
            case "sock" -> Optional.of(ArgumentType.SOCK);
            case "socket" -> Optional.of(ArgumentType.SOCKET);
            case "sk_buff" -> Optional.of(ArgumentType.SKB);
            case "sockaddr" -> Optional.of(ArgumentType.SOCKADDR);
            case "net_device" -> Optional.of(ArgumentType.NET_DEVICE);
            default -> Optional.empty();
          };
      case Parameter.Other() -> Optional.empty();
    };
  }

  @Override
  public String noType(Argument argument) {
    return "what argument %d of %s is cannot be found out on this node; write it, such as type: %s"
        .formatted(argument.index(), symbol, suggestion(argument));
  }

  private String suggestion(Argument argument) {
    return function instanceof KernelFunction.Typed(var parameters, _)
            && argument.index() < parameters.size()
            && parameters.get(argument.index()) instanceof Parameter.Pointer
        ? "uint64 for the address"
        : "int";
  }
}
