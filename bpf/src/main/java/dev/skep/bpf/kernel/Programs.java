package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.BpfObject;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The object files that the build packed. */
enum Programs {
  BASE("base"),
  /** The base sensor for kernels before {@link #BPF_LOOP}. */
  BASE_510("base_510"),
  VIEW("view"),
  SYSCALLS("syscalls"),
  FUNCTION("function"),
  TRACEPOINT("tracepoint"),
  RAW("raw"),
  OVERRIDE("override"),
  PROBE("probe"),
  LSM("lsm"),
  POLICY("policy"),
  /** The same on functions of the kernel and on tracepoints. */
  FUNCTION_POLICY("fnpolicy"),
  /** On raw tracepoints. */
  RAW_POLICY("rwpolicy"),
  /** On an LSM hook. */
  LSM_POLICY("lsmhooks");

  private static final KernelVersion BPF_LOOP = new KernelVersion(5, 17);

  /** At most 8 characters, for the kernel cuts the name of the map of its constants otherwise. */
  private final String objectName;

  Programs(String objectName) {
    this.objectName = objectName;
  }

  /** The base sensor that the running kernel can run. */
  static Programs base() throws BpfException {
    return KernelVersion.running().isBefore(BPF_LOOP) ? BASE_510 : BASE;
  }

  /** Whether the running kernel can run the dispatchers and the programs of policies. */
  static boolean canDispatch() throws BpfException {
    return !KernelVersion.running().isBefore(BPF_LOOP);
  }

  /** Whether the running kernel lets programs replace what a system call returns. */
  static boolean canOverrideSyscalls() {
    try (var probe = PROBE.open()) {
      probe.load();
      return true;
    } catch (BpfException _) {
      return false;
    }
  }

  static void requireDispatch(KernelVersion running) throws BpfException {
    if (running.isBefore(BPF_LOOP)) {
      throw new BpfException(
          "apply",
          0,
          "policies need Linux %s or newer, this is %s: here only the life of processes is seen"
              .formatted(BPF_LOOP, running));
    }
  }

  String objectName() {
    return objectName;
  }

  BpfObject open() throws BpfException {
    return BpfObject.open(bytes(), objectName);
  }

  /** What the kernel calls the map of an object's constants. */
  String constants() {
    return objectName + ".rodata";
  }

  byte[] bytes() {
    var file = "/dev/skep/bpf/" + objectName + ".bpf.o";
    try (var in = Programs.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(file + " is missing from the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + file, e);
    }
  }
}
