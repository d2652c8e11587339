package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.BpfObject;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The object files that the build packed. */
enum Programs {
  BASE("base"),
  SYSCALLS("syscalls"),
  POLICY("policy");

  private final String objectName;

  Programs(String objectName) {
    this.objectName = objectName;
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
