package dev.skep.agent.explain;

import dev.skep.agent.plan.HostFacts;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelFunction.Parameter;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.KernelTracepoint;
import dev.skep.policy.Syscalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/** A machine that is the same everywhere: its functions are those of functions.txt. */
final class DescribedHost implements HostFacts {
  private final Map<String, KernelFunction> functions = new HashMap<>();

  DescribedHost() {
    try (var in = DescribedHost.class.getResourceAsStream("/functions.txt")) {
      new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .forEach(this::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(String line) {
    var words = List.of(line.split(" ", -1));
    functions.put(
        words.getFirst(),
        new KernelFunction.Typed(
            words.stream().skip(1).map(DescribedHost::parameter).toList(), true));
  }

  private static Parameter parameter(String word) {
    return Character.isDigit(word.charAt(0))
        ? new Parameter.Integral(Integer.parseInt(word), true)
        : new Parameter.Pointer(word.equals("-") ? "" : word);
  }

  @Override
  public OptionalInt syscallNumber(String name) {
    return Syscalls.number(name);
  }

  @Override
  public KernelFunction function(String name) {
    return functions.getOrDefault(name, new KernelFunction.Missing());
  }

  @Override
  public KernelTracepoint tracepoint(String subsystem, String event) {
    return new KernelTracepoint.Missing();
  }

  @Override
  public KernelFunction rawTracepoint(String event) {
    return new KernelFunction.Missing();
  }

  /** As no kernel before Linux 7 lets programs. */
  @Override
  public Optional<String> overridable(String syscall) {
    return Optional.empty();
  }

  @Override
  public boolean asksLsmPrograms() {
    return true;
  }

  @Override
  public String architecture() {
    return "x86_64";
  }

  @Override
  public String resolveLinks(String path) {
    return path;
  }

  @Override
  public Namespaces namespaces() {
    return new Namespaces(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  }
}
