package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this machine must have before anything is tried; each lack has one clear error. */
final class Host {
  private static final Path KERNEL_BTF = Path.of("/sys/kernel/btf/vmlinux");
  private static final Path LOCKDOWN = Path.of("/sys/kernel/security/lockdown");
  private static final KernelVersion OLDEST = new KernelVersion(5, 10);
  private static final int CAP_SYS_ADMIN = 21;
  private static final String BPFFS = "bpf";

  private Host() {}

  static void requireCapabilities() throws BpfException {
    long effective = 0;
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      effective =
          lines
              .filter(line -> line.startsWith("CapEff:"))
              .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
              .findFirst()
              .orElse(0);
    } catch (IOException e) {
      throw failure("reading this process' capabilities failed: " + e.getMessage());
    }
    if ((effective & (1L << CAP_SYS_ADMIN)) == 0) {
      throw failure("the agent needs CAP_SYS_ADMIN to load kernel programs; run it as root");
    }
  }

  static void requireKernel() throws BpfException {
    requireVersion(KernelVersion.running());
    if (Files.exists(LOCKDOWN)) {
      try {
        requireReadableMemory(Files.readString(LOCKDOWN));
      } catch (IOException e) {
        throw failure("reading " + LOCKDOWN + " failed: " + e.getMessage());
      }
    }
  }

  static void requireVersion(KernelVersion running) throws BpfException {
    if (running.isBefore(OLDEST)) {
      throw failure(
          "this is Linux %s: Skep needs %s or newer (tests run on 6.1 and newer)"
              .formatted(running, OLDEST));
    }
  }

  /**
   * @param lockdown as securityfs says it, such as {@code none [integrity] confidentiality}
   */
  static void requireReadableMemory(String lockdown) throws BpfException {
    if (lockdown.contains("[confidentiality]")) {
      throw failure(
          "the kernel is locked down for confidentiality ("
              + LOCKDOWN
              + "): its programs may not read its memory; boot without lockdown=confidentiality"
              + " (integrity is enough for secure boot, and does not disturb)");
    }
  }

  static void requireKernelTypes() throws BpfException {
    if (!Files.isReadable(KERNEL_BTF)) {
      throw failure(
          KERNEL_BTF
              + " is missing: the kernel must be built with CONFIG_DEBUG_INFO_BTF"
              + " (all common distributions since 2021)");
    }
  }

  /** Makes {@code folder} on a bpf file system, and mounts one on the folder above if need be. */
  static void makeFolder(Path folder) throws BpfException {
    var above = folder.getParent();
    if (above == null) {
      throw failure(folder + " cannot hold pins: it is the root of all folders");
    }
    try {
      if (!isBpffs(existing(folder))) {
        mount(above);
      }
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw failure("making " + folder + " failed: " + e);
    }
  }

  private static void mount(Path above) throws BpfException, IOException {
    if (!Files.isDirectory(above)) {
      throw failure(above + " is missing: no place to mount a bpf file system on");
    }
    try (var entries = Files.list(above)) {
      if (entries.findAny().isPresent()) {
        throw failure(
            above
                + " is no bpf file system and not empty: mount one (mount -t bpf bpf "
                + KernelOptions.DEFAULT_FOLDER.getParent()
                + ") and name a folder of it");
      }
    }
    Libc.mountBpffs(above.toString());
  }

  private static Path existing(Path path) throws IOException {
    for (var at = path; at != null; at = at.getParent()) {
      if (Files.exists(at)) {
        return at;
      }
    }
    throw new IOException("no folder above " + path);
  }

  static boolean isBpffs(Path path) throws IOException {
    return Files.getFileStore(path).type().equals(BPFFS);
  }

  private static BpfException failure(String text) {
    return new BpfException("open", 0, text);
  }
}
