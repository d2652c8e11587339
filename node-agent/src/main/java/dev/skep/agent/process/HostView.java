package dev.skep.agent.process;

import dev.skep.bpf.KernelRecord.Namespaces;
import org.jspecify.annotations.Nullable;

/** What processes are compared with: the host itself. */
public interface HostView {
  /** Those of the host's first process; {@link Namespaces#NONE} if they are not known. */
  Namespaces namespaces();

  /** The account's name; null if the host has none for this user. */
  @Nullable String userName(int uid);

  /** Of a host of which nothing is known. */
  HostView UNKNOWN =
      new HostView() {
        @Override
        public Namespaces namespaces() {
          return Namespaces.NONE;
        }

        @Override
        public @Nullable String userName(int uid) {
          return null;
        }
      };
}
