package dev.skep.policy.ast;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What an inode is. */
@SuppressWarnings("ImmutableEnumChecker") // made by List.of and the like, and never changed
public enum FileType {
  REGULAR(0100000, "reg", "regular"),
  DIRECTORY(0040000, "dir", "directory"),
  LINK(0120000, "lnk", "link"),
  CHARACTER_DEVICE(0020000, "chr", "char"),
  BLOCK_DEVICE(0060000, "blk", "block"),
  FIFO(0010000, "fifo", "pipe"),
  SOCKET(0140000, "sock", "socket");

  private final int mode;
  private final List<String> words;

  FileType(int mode, String... words) {
    this.mode = mode;
    this.words = List.of(words);
  }

  public static Optional<FileType> of(String word) {
    return Arrays.stream(values()).filter(type -> type.words.contains(word)).findFirst();
  }

  /** Its bits in an inode's mode. */
  public int mode() {
    return mode;
  }

  /** As policies call it. */
  public List<String> words() {
    return words;
  }
}
