package dev.skep.agent;

import dev.skep.agent.plan.HostFacts;
import dev.skep.agent.report.AgentFacts;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.KernelRecord.Namespaces;
import dev.skep.bpf.KernelTracepoint;
import dev.skep.bpf.ProcessHooks;
import dev.skep.bpf.ProcessHooks.Attachment;
import dev.skep.bpf.kernel.SecurityModules;
import dev.skep.bpf.kernel.SkepKernels;
import dev.skep.bpf.kernel.Tracefs;
import dev.skep.bpf.libbpf.KernelTypes;
import dev.skep.crds.v1alpha1.NodeStateStatus;
import dev.skep.crds.v1alpha1.NodeStateStatus.KernelFacts;
import dev.skep.policy.Syscalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The machine that the agent runs on. */
final class ThisHost implements HostFacts {
  private static final Logger LOG = LoggerFactory.getLogger(ThisHost.class);
  private static final String X86_64 = "x86_64";

  private final String name;
  private final Namespaces namespaces;
  private final Map<String, KernelFunction> functions = new HashMap<>();
  private @Nullable Boolean overridesSyscalls;

  ThisHost(String name, Namespaces namespaces) {
    this.name = name;
    this.namespaces = namespaces;
  }

  /** What the machine calls itself. */
  static String hostname() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
  }

  /**
   * @param hooks what the life of processes is seen by
   */
  AgentFacts facts(ProcessHooks hooks) throws IOException {
    return new AgentFacts(
        name,
        Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip(),
        version(),
        new KernelFacts(
            Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip(),
            architecture(),
            Files.exists(Path.of("/sys/kernel/btf/vmlinux"))),
        new NodeStateStatus.ProcessHooks(
            word(hooks.fork()), word(hooks.exec()), word(hooks.exit()), word(hooks.credentials())));
  }

  private static String word(Attachment attachment) {
    return attachment.name().toLowerCase(Locale.ROOT);
  }

  static String version() {
    return Objects.requireNonNullElse(
        ThisHost.class.getPackage().getImplementationVersion(), "development");
  }

  /** What can be known of the node's labels without a cluster. */
  Map<String, String> labels() {
    return Map.of(
        "kubernetes.io/hostname",
        name,
        "kubernetes.io/os",
        "linux",
        "kubernetes.io/arch",
        architecture().equals(X86_64) ? "amd64" : "arm64");
  }

  /** What the kernel puts before a system call's name. */
  String functionPrefix() {
    return architecture().equals(X86_64) ? "__x64_sys_" : "__arm64_sys_";
  }

  @Override
  public OptionalInt syscallNumber(String name) {
    return architecture().equals(X86_64) ? Syscalls.number(name) : OptionalInt.empty();
  }

  /**
   * The kernel does not change while it runs; modules come and go, so their absence is not kept.
   */
  @Override
  public KernelFunction function(String name) {
    return asked(name, types -> types.function(name));
  }

  @Override
  public KernelFunction rawTracepoint(String event) {
    return asked("tracepoint " + event, types -> types.rawTracepoint(event));
  }

  /** What is asked of the kernel's types. */
  private interface Question {
    KernelFunction ask(KernelTypes types) throws BpfException;
  }

  private synchronized KernelFunction asked(String name, Question question) {
    var known = functions.get(name);
    if (known != null) {
      return known;
    }
    try (var types = KernelTypes.load()) {
      var found = question.ask(types);
      if (found instanceof KernelFunction.Typed) {
        functions.put(name, found);
      }
      return found;
    } catch (BpfException e) {
      LOG.warn("what the kernel says of {} cannot be read: {}", name, e.getMessage());
      return new KernelFunction.Untyped();
    }
  }

  @Override
  public KernelTracepoint tracepoint(String subsystem, String event) throws BpfException {
    return Tracefs.tracepoint(subsystem, event);
  }

  @Override
  public synchronized Optional<String> overridable(String syscall) {
    var known = overridesSyscalls;
    if (known == null) {
      known = SkepKernels.canOverrideSyscalls();
      overridesSyscalls = known;
    }
    return known ? Optional.of(functionPrefix() + syscall) : Optional.empty();
  }

  @Override
  public boolean asksLsmPrograms() {
    return SecurityModules.haveBpf();
  }

  @Override
  public String architecture() {
    var java = System.getProperty("os.arch");
    return java.equals("amd64") ? X86_64 : java;
  }

  @Override
  public String resolveLinks(String path) {
    try {
      return Path.of(path).toRealPath().toString();
    } catch (IOException | InvalidPathException _) {
      return path; // no such file today; it may come
    }
  }

  @Override
  public Namespaces namespaces() {
    return namespaces;
  }
}
