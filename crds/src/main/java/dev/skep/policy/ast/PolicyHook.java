package dev.skep.policy.ast;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One entry of a list of hooks. */
public sealed interface PolicyHook permits Kprobe, Tracepoint, LsmHook {
  /** Of the hook in the file, such as {@code spec.kprobes[0]}. */
  String path();

  List<Argument> arguments();

  /** The first that matches decides. Without any, every call matches and is posted. */
  List<Selector> selectors();

  @Nullable String message();

  List<String> tags();
}
