package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** An attached program. It stays attached as long as its descriptor is open or it is pinned. */
public final class BpfLink implements AutoCloseable {
  private static final NativeFunction FD = NativeFunction.libbpf("bpf_link__fd", Returns.STATUS);
  private static final NativeFunction DESTROY =
      NativeFunction.libbpf("bpf_link__destroy", Returns.STATUS);
  private static final NativeFunction ITERATOR =
      NativeFunction.libbpf("bpf_iter_create", Returns.STATUS);

  private static final int INFO_BYTES = 16;
  private static final long INFO_PROGRAM_ID = 8;

  private final long link;
  private final String name;

  BpfLink(long link, String name) {
    this.link = link;
    this.name = name;
  }

  public void pin(Path path) throws BpfException {
    BpfFs.pin(fd(), path);
  }

  /** The kernel's id of the program that the link pinned at {@code path} runs. */
  public static int programId(Path path) throws BpfException {
    int fd = BpfFs.open(path);
    try (var arena = Arena.ofConfined()) {
      return KernelInfo.read(fd, INFO_BYTES, arena).get(JAVA_INT, INFO_PROGRAM_ID);
    } finally {
      Libc.close(fd);
    }
  }

  /** Of an iterator: runs its program over everything; how many bytes it printed. */
  public long iterate() throws BpfException {
    int iterator = iterator();
    try {
      return Libc.drain(iterator);
    } finally {
      Libc.close(iterator);
    }
  }

  /** Of an iterator: runs its program; the first bytes that it printed, at most 4096. */
  public byte[] read() throws BpfException {
    int iterator = iterator();
    try {
      return Libc.read(iterator);
    } finally {
      Libc.close(iterator);
    }
  }

  private int iterator() throws BpfException {
    return (int) ITERATOR.orThrow(ITERATOR.call(fd()), name);
  }

  private int fd() throws BpfException {
    return (int) FD.orThrow(FD.call(link), name);
  }

  /** Once. */
  @Override
  public void close() {
    DESTROY.call(link);
  }
}
