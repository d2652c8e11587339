package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.cluster.NeedsKernel;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Processes of other namespaces are told by their ids in the initial one, and by their own. */
@NeedsKernel
class NamespacesIT {
  private static final int FIRST_AFTER_WRAP = 300; // the kernel keeps lower ones for the start

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @Test
  void processesOfAPidNamespaceHaveTwoIds() {
    var family = Family.live("unshare-pid", "fork", "exec", "fork", "fork", "exec", "end", 1);

    assertThat(family.lines()).anySatisfy(line -> assertThat(line).endsWith("as 1"));
    family.isTold(node);
  }

  @Test
  void namespacesMayBeNested() {
    var family =
        Family.live(
            "unshare-pid",
            "fork",
            "unshare-pid",
            "fork",
            "unshare-pid",
            "fork",
            "exec",
            "fork",
            "end",
            1);

    assertThat(family.lines()).filteredOn(line -> line.endsWith("as 1")).hasSize(3);
    family.isTold(node);
  }

  @Test
  void anUnprivilegedNamespaceChangesNothing() {
    var family = Family.live("unshare-user", "unshare-pid", "fork", "exec", "end", 1);

    family.isTold(node);
  }

  @Test
  void withTheFirstProcessOfANamespaceAllOthersEnd() {
    var family = Family.live("unshare-pid", "fork", "detach", "end", 0, ".", "end", 3);

    var told = family.told(node.records());

    assertThat(told).hasSize(2);
    assertThat(told.entrySet())
        .allSatisfy(life ->
            assertThat(life.getValue())
                .hasSize(2)
                .last()
                .isIn("exit " + life.getKey() + " 9", "exit " + life.getKey() + " " + (3 << 8)));
  }

  @Test
  void idsOfANamespaceAreGivenAgain() {
    var family =
        Family.live(
            "unshare-pid",
            "fork",
            "next-pid",
            50,
            "fork",
            "exec",
            "end",
            1,
            ".",
            "next-pid",
            50,
            "fork",
            "exec",
            "end",
            2,
            ".",
            "end",
            0);

    assertThat(family.lines()).filteredOn(line -> line.endsWith("as 50")).hasSize(2);
    family.isTold(node);
  }

  @Test
  void afterTheHighestIdComesTheLowest() {
    var family =
        Family.live(
            "unshare-pid",
            "fork",
            "next-pid",
            "highest",
            "fork",
            "end",
            0,
            ".",
            "fork",
            "exec",
            "end",
            0,
            ".",
            "fork",
            "exec",
            "fork",
            "end",
            0,
            ".",
            "end",
            0);

    assertThat(family.lines())
        .filteredOn(line -> line.startsWith("fork"))
        .extracting(line -> Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1)))
        .hasSize(5)
        .anyMatch(id -> id > 30_000)
        .contains(1, FIRST_AFTER_WRAP, FIRST_AFTER_WRAP + 1);
    family.isTold(node);
  }
}
