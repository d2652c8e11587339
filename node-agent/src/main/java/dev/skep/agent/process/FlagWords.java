package dev.skep.agent.process;

import dev.skep.events.ProcessFlag;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;

/**
 * Sets of flags as bits, and their words, which are made once for each set: to put them together
 * anew took a tenth of all that an exec costs. One thread.
 */
final class FlagWords {
  private static final ProcessFlag[] FLAGS = ProcessFlag.values();

  private final Map<Integer, String> made = new HashMap<>();

  @SuppressWarnings("EnumOrdinal") // the bits leave this process in words alone
  static int bit(ProcessFlag flag) {
    return 1 << flag.ordinal();
  }

  String of(int bits) {
    return made.computeIfAbsent(bits, FlagWords::words);
  }

  private static String words(int bits) {
    var flags = EnumSet.noneOf(ProcessFlag.class);
    for (var flag : FLAGS) {
      if ((bits & bit(flag)) != 0) {
        flags.add(flag);
      }
    }
    return ProcessFlag.words(flags);
  }
}
