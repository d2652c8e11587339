package dev.skep.events;

import java.util.Set;

/**
 * How a process came to be known, and what of it is missing. The order is that of the words on the
 * wire.
 */
public enum ProcessFlag {
  EXECVE("execve"),
  PROC_FS("procFS"),
  ERROR_ENVS("errorEnvs"),
  TRUNC_ARGS("truncArgs"),
  MISS("miss"),
  ERROR_FILENAME("errorFilename"),
  ERROR_ARGS("errorArgs"),
  NO_CWD("nocwd"),
  ROOT_CWD("rootcwd"),
  ERROR_CWD("errorCWD"),
  CLONE("clone"),
  ERROR_CGROUP_NAME("errorCgroupName"),
  ERROR_CGROUP_ID("errorCgroupID"),
  ERROR_CGROUP_SUBSYS_CGRP("errorCgroupSubsysCgrp"),
  ERROR_CGROUP_SUBSYS("errorCgroupSubsys"),
  ERROR_CGROUPS("errorCgroups"),
  ERROR_PATH_RESOLUTION_CWD("errorPathResolutionCwd"),
  DATA_FILENAME("dataFilename"),
  DATA_ARGS("dataArgs"),
  IN_INIT_TREE("inInitTree");

  private final String word;

  ProcessFlag(String word) {
    this.word = word;
  }

  /** The flags in their order, separated by blanks. */
  public static String words(Set<ProcessFlag> flags) {
    var words = new StringBuilder();
    for (var flag : values()) {
      if (flags.contains(flag)) {
        words.append(words.isEmpty() ? "" : " ").append(flag.word);
      }
    }
    return words.toString();
  }
}
