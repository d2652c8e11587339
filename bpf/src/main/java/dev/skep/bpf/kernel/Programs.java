package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.BpfObject;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The object files that the build packed. */
enum Programs {
  BASE("base"),
  /** The base sensor for kernels before {@link #NEW_BASE}. */
  BASE_510("base_510"),
  SYSCALLS("syscalls"),
  POLICY("policy");

  private static final KernelVersion NEW_BASE = new KernelVersion(5, 17);

  private final String objectName;

  Programs(String objectName) {
    this.objectName = objectName;
  }

  /** The base sensor that the running kernel can run. */
  static Programs base() throws BpfException {
    return KernelVersion.running().isBefore(NEW_BASE) ? BASE_510 : BASE;
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
