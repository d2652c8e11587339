package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One agent a folder, held by a lock that ends with its process however that ends. */
final class FolderLock implements AutoCloseable {
  private static final Path RUN = Path.of("/run/skep");

  /** File locks are a process': within it they keep nobody out, and closing one frees all. */
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final FileChannel file;

  private FolderLock(Path folder, FileChannel file) {
    this.folder = folder;
    this.file = file;
  }

  /**
   * @throws BpfException naming the holder's pid
   */
  static FolderLock take(Path folder) throws BpfException {
    if (!HELD_HERE.add(folder)) {
      throw held(folder, Long.toString(ProcessHandle.current().pid()));
    }
    try {
      Files.createDirectories(RUN);
      var name = folder.toString().substring(1).replace('/', '-') + ".lock";
      var file =
          FileChannel.open(
              RUN.resolve(name),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      if (file.tryLock() == null) {
        var pid = ByteBuffer.allocate(20);
        int length = Math.max(file.read(pid), 0);
        file.close();
        throw held(folder, new String(pid.array(), 0, length, StandardCharsets.US_ASCII).strip());
      }
      file.truncate(0);
      file.write(
          ByteBuffer.wrap(
              (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
      return new FolderLock(folder, file);
    } catch (IOException e) {
      HELD_HERE.remove(folder);
      throw new BpfException("open", 0, "locking " + folder + " in " + RUN + " failed: " + e);
    } catch (BpfException e) {
      HELD_HERE.remove(folder);
      throw e;
    }
  }

  private static BpfException held(Path folder, String pid) {
    return new BpfException(
        "open", 0, folder + " is in use by process " + pid + "; end it or name another folder");
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException _) {
      // Nothing was written that could be lost, and the process' end frees the lock in any case.
    } finally {
      HELD_HERE.remove(folder);
    }
  }
}
