package dev.skep.agent.event;

/** Modes of inodes as ls -l shows them. */
final class FileMode {
  private static final int TYPE_SHIFT = 12;
  private static final String TYPES = "?pc?d?b?-?l?s???";
  private static final String BITS = "rwxrwxrwx";
  private static final int SETUID = 04000;
  private static final int SETGID = 02000;
  private static final int STICKY = 01000;

  private FileMode() {}

  /** Such as {@code -rw-r--r--}; empty if there is no inode. */
  static String text(int mode) {
    if (mode == 0) {
      return "";
    }
    var text = new StringBuilder().append(TYPES.charAt(mode >> TYPE_SHIFT & 0xf));
    for (int i = 0; i < BITS.length(); i++) {
      boolean set = (mode & (1 << (BITS.length() - 1 - i))) != 0;
      text.append(set ? BITS.charAt(i) : '-');
    }
    mark(text, mode, SETUID, 3, 's');
    mark(text, mode, SETGID, 6, 's');
    mark(text, mode, STICKY, 9, 't');
    return text.toString();
  }

  /** In place of the x that it goes with; a capital letter where that is not set. */
  private static void mark(StringBuilder text, int mode, int bit, int at, char letter) {
    if ((mode & bit) != 0) {
      text.setCharAt(at, text.charAt(at) == 'x' ? letter : Character.toUpperCase(letter));
    }
  }
}
