package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Of Linux, the two numbers that features come with. */
record KernelVersion(int major, int minor) {
  private static final Path RELEASE = Path.of("/proc/sys/kernel/osrelease");
  private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);

  static KernelVersion running() throws BpfException {
    try {
      return parse(Files.readString(RELEASE));
    } catch (IOException | IllegalArgumentException e) {
      throw new BpfException("open", 0, "reading the kernel's version failed: " + e);
    }
  }

  /**
   * @param release as uname -r prints it
   */
  static KernelVersion parse(String release) {
    var numbers = NUMBERS.matcher(release);
    if (!numbers.matches()) {
      throw new IllegalArgumentException(release.strip() + " is no version");
    }
    return new KernelVersion(
        Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)));
  }

  boolean isBefore(KernelVersion other) {
    return major < other.major || (major == other.major && minor < other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
