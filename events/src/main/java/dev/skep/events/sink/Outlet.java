package dev.skep.events.sink;

import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a {@link LineSink} writes to. */
interface Outlet extends Closeable {
  Path STDOUT = Path.of("/proc/self/fd/1");

  /** Whether a write may take until somebody reads, which may be never. */
  boolean waitsForReaders();

  /**
   * Called where a line ends, before as many bytes are written, and now and then with none: the
   * moment to go on in another file.
   */
  void prepare(int bytes) throws IOException;

  /** Takes some of the bytes, or 0 if it takes none now. */
  int write(ByteBuffer bytes) throws IOException;

  /** Whether it would lead somewhere else if it were opened now. */
  boolean hasMoved();

  /**
   * Opens it again.
   *
   * @return whether it leads where it led before, so that what was written half can be completed
   */
  boolean reopen() throws IOException;

  /** Standard output: what it leads to was settled when the program was started. */
  static Outlet stdout() {
    WritableByteChannel channel = new FileOutputStream(FileDescriptor.out).getChannel();
    return new Outlet() {
      @Override
      public boolean waitsForReaders() {
        return !Files.isRegularFile(STDOUT);
      }

      @Override
      public void prepare(int bytes) {}

      @Override
      public int write(ByteBuffer bytes) throws IOException {
        return channel.write(bytes);
      }

      @Override
      public boolean hasMoved() {
        return false;
      }

      @Override
      public boolean reopen() {
        return true;
      }

      @Override
      public void close() {
        // Not ours: others of the process may still write there.
      }

      @Override
      public String toString() {
        return "standard output";
      }
    };
  }
}
