package dev.skep.bpf.libbpf;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The types of the running kernel, {@code /sys/kernel/btf/vmlinux}: some 10 MB as long as it is
 * open. One thread.
 */
public final class KernelTypes implements AutoCloseable {
  private static final NativeFunction LOAD =
      NativeFunction.libbpf("btf__load_vmlinux_btf", Returns.POINTER);
  private static final NativeFunction FREE = NativeFunction.libbpf("btf__free", Returns.ANYTHING);

  private static final Path SYMBOLS = Path.of("/proc/kallsyms");

  private final long loaded;
  private final Btf btf;

  private KernelTypes(long loaded) {
    this.loaded = loaded;
    this.btf = new Btf(loaded);
  }

  public static KernelTypes load() throws BpfException {
    NativeFunction.requireLibbpf();
    return new KernelTypes(LOAD.orThrow(LOAD.call(0), "the types of the kernel"));
  }

  /** Those of modules, and some that the compiler made, are known by name alone. */
  public KernelFunction function(String name) throws BpfException {
    var typed = btf.function(name);
    if (typed.isPresent()) {
      return typed.get();
    }
    return isSymbol(name) ? new KernelFunction.Untyped() : new KernelFunction.Missing();
  }

  /** What a tracepoint is given by the kernel's code; those of modules are not known. */
  public KernelFunction rawTracepoint(String event) throws BpfException {
    var typed = btf.callback("btf_trace_" + event);
    return typed.isPresent() ? typed.get() : new KernelFunction.Missing();
  }

  /** Lines of kallsyms: address, type, name, and the module in brackets. */
  private static boolean isSymbol(String name) throws BpfException {
    try (var lines = Files.lines(SYMBOLS, StandardCharsets.ISO_8859_1)) {
      return lines.anyMatch(line -> {
        var words = line.split("\\s", 4);
        return words.length > 2 && words[1].equalsIgnoreCase("t") && words[2].equals(name);
      });
    } catch (IOException e) {
      throw new BpfException("kallsyms", 0, "reading " + SYMBOLS + " failed: " + e);
    }
  }

  @Override
  public void close() {
    FREE.call(loaded);
  }
}
