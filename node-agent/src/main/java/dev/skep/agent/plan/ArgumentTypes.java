package dev.skep.agent.plan;

import dev.skep.policy.Hook.Argument;
import dev.skep.policy.ast.ArgumentType;
import java.util.Optional;

/** What arguments of type auto are, by what the node's kernel says. */
interface ArgumentTypes {
  /** Empty: the kernel does not say it. */
  Optional<ArgumentType> type(Argument argument);

  /** Why not, and what would be right. */
  String noType(Argument argument);
}
