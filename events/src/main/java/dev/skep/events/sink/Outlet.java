package dev.skep.events.sink;

import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** What a {@link LineSink} writes to. */
interface Outlet extends Closeable {

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
