package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.BinaryFilter;
import dev.skep.bpf.HookPlan.CapabilityChangeFilter;
import dev.skep.bpf.HookPlan.CapabilityFilter;
import dev.skep.bpf.HookPlan.CapabilitySet;
import dev.skep.bpf.HookPlan.NamespaceChangeFilter;
import dev.skep.bpf.HookPlan.NamespaceFilter;
import dev.skep.bpf.HookPlan.NamespaceKind;
import dev.skep.bpf.HookPlan.PidFilter;
import dev.skep.bpf.HookPlan.ProcessFilter;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is asked of the calling process: one that has it, one that just has not; plain and negated,
 * by filters that have code of their own in the program and by those that share it.
 */
@NeedsKernel
@NeedsPolicies
class ProcessFilterIT {
  private static final int GETPPID = 110;
  private static final int SYS_ADMIN = 21;
  private static final int SYS_BOOT = 22;
  private static final int CHECKPOINT_RESTORE = 40;
  private static final int CLONE_NEWUTS = 0x04000000;
  private static final int CLONE_NEWIPC = 0x08000000;
  private static final int CLONE_NEWUSER = 0x10000000;

  /** Of the trigger's word "capability". */
  private static final int EFFECTIVE = 1;

  private static final int PERMITTED = 2;
  private static final int INHERITABLE = 4;

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  static Stream<Arguments> namespaces() {
    return Stream.of(
        namespace(NamespaceKind.UTS, "unshare", CLONE_NEWUTS),
        namespace(NamespaceKind.IPC, "unshare", CLONE_NEWIPC),
        namespace(NamespaceKind.MNT, "unshare", 0x00020000),
        namespace(NamespaceKind.PID, "fork-namespace"),
        namespace(NamespaceKind.PID_FOR_CHILDREN, "unshare", 0x20000000),
        namespace(NamespaceKind.NET, "unshare", 0x40000000),
        namespace(NamespaceKind.TIME, "unshare", 0x00000080, "fork"),
        namespace(NamespaceKind.TIME_FOR_CHILDREN, "unshare", 0x00000080),
        namespace(NamespaceKind.CGROUP, "unshare", 0x02000000),
        namespace(NamespaceKind.USER, "unshare", CLONE_NEWUSER));
  }

  @ParameterizedTest
  @MethodSource("namespaces")
  void aNamespaceIsThatOfTheMoment(NamespaceKind kind, List<Object> leave) throws Exception {
    var here = Set.of(inode(kind));

    for (var negated : List.of(false, true)) {
      watch(new NamespaceFilter(negated, kind, here));

      assertThat(calls("getppid")).isEqualTo(negated ? 0 : 1);
      assertThat(calls(leave, "getppid")).isEqualTo(negated ? 1 : 0);
      assertThat(calls("getppid", leave, "getppid")).isEqualTo(1);
    }
  }

  @Test
  void namespacesMayBeMany() throws Exception {
    var others = IntStream.rangeClosed(1, 1000).boxed().collect(Collectors.toSet());
    var some = new HashSet<>(others);
    some.add(inode(NamespaceKind.UTS));

    watch(new NamespaceFilter(false, NamespaceKind.UTS, some));
    assertThat(calls("getppid", "unshare", CLONE_NEWUTS, "getppid")).isEqualTo(1);
    watch(new NamespaceFilter(true, NamespaceKind.UTS, others));
    assertThat(calls("getppid", "unshare", CLONE_NEWUTS, "getppid")).isEqualTo(2);
  }

  @ParameterizedTest
  @MethodSource("namespaces")
  void aNamespaceHasChangedUntilTheNextProgramOrProcess(NamespaceKind kind, List<Object> leave)
      throws Exception {
    boolean byFork = leave.contains("fork") || leave.contains("fork-namespace");

    for (var negated : List.of(false, true)) {
      watch(new NamespaceChangeFilter(negated, Set.of(kind)));

      assertThat(calls("getppid")).isEqualTo(negated ? 1 : 0);
      assertThat(calls(leave, "getppid")).isEqualTo(byFork == negated ? 1 : 0);
      assertThat(calls(leave, "fork", "getppid")).isEqualTo(negated ? 1 : 0);
      assertThat(calls(leave, "exec", Trigger.PROGRAM)).isEqualTo(negated ? 1 : 0);
    }
  }

  @Test
  void anyOfTheNamespacesMayHaveChanged() throws Exception {
    watch(new NamespaceChangeFilter(false, Set.of(NamespaceKind.UTS, NamespaceKind.NET)));

    assertThat(calls("unshare", CLONE_NEWUTS, "getppid")).isEqualTo(1);
    assertThat(calls("unshare", CLONE_NEWIPC, "getppid")).isZero();
  }

  static Stream<Arguments> capabilities() {
    return Stream.of(
        argumentSet("effective", CapabilitySet.EFFECTIVE, SYS_ADMIN, EFFECTIVE),
        argumentSet("effective, above 32", CapabilitySet.EFFECTIVE, CHECKPOINT_RESTORE, EFFECTIVE),
        argumentSet("permitted", CapabilitySet.PERMITTED, SYS_BOOT, EFFECTIVE | PERMITTED));
  }

  @ParameterizedTest
  @MethodSource("capabilities")
  void aCapabilityIsThereUntilItIsGivenUp(CapabilitySet set, int capability, int out)
      throws Exception {
    var giveUp = List.<Object>of("capability", capability, out, 0);
    var other = List.<Object>of("capability", capability - 1, out, 0);

    for (var negated : List.of(false, true)) {
      watch(new CapabilityFilter(negated, set, 1L << capability, 0));
      assertThat(calls(other, "getppid")).isEqualTo(negated ? 0 : 1);
      assertThat(calls(giveUp, "getppid")).isEqualTo(negated ? 1 : 0);

      watch(new CapabilityChangeFilter(negated, set, 1L << capability, 0));
      assertThat(calls(other, "getppid")).isEqualTo(negated ? 1 : 0);
      assertThat(calls(giveUp, "getppid")).isEqualTo(negated ? 0 : 1);
      assertThat(calls(giveUp, "fork", "getppid")).isEqualTo(negated ? 1 : 0);
    }
  }

  @Test
  void anInheritableCapabilityIsThereFromWhenItIsTaken() throws Exception {
    var take = List.<Object>of("capability", SYS_ADMIN, 0, INHERITABLE);

    watch(new CapabilityFilter(false, CapabilitySet.INHERITABLE, 1L << SYS_ADMIN, 0));
    assertThat(calls("getppid", take, "getppid")).isEqualTo(1);
    watch(new CapabilityChangeFilter(false, CapabilitySet.INHERITABLE, 1L << SYS_ADMIN, 0));
    assertThat(calls("getppid", take, "getppid")).isEqualTo(1);
    assertThat(calls(take, "capability", SYS_ADMIN, INHERITABLE, 0, "getppid")).isZero();
  }

  @Test
  void anyOfTheCapabilitiesIsEnough() throws Exception {
    long both = 1L << SYS_ADMIN | 1L << SYS_BOOT;
    watch(new CapabilityFilter(false, CapabilitySet.EFFECTIVE, both, 0));

    assertThat(
            calls(
                "capability",
                SYS_ADMIN,
                EFFECTIVE,
                0,
                "getppid",
                "capability",
                SYS_BOOT,
                EFFECTIVE,
                0,
                "getppid"))
        .isEqualTo(1);
  }

  @Test
  void capabilitiesMayBeAskedForOutsideOfTheHostsUserNamespaceAlone() throws Exception {
    int host = inode(NamespaceKind.USER);
    long asked = 1L << SYS_ADMIN;

    watch(new CapabilityFilter(false, CapabilitySet.EFFECTIVE, asked, host));
    assertThat(calls("getppid", "unshare", CLONE_NEWUSER, "getppid")).isEqualTo(1);
    watch(new CapabilityFilter(true, CapabilitySet.EFFECTIVE, asked, host));
    assertThat(
            calls(
                "capability",
                SYS_ADMIN,
                EFFECTIVE,
                0,
                "getppid",
                "unshare",
                CLONE_NEWUSER,
                "getppid",
                "capability",
                SYS_ADMIN,
                EFFECTIVE,
                0,
                "getppid"))
        .isEqualTo(1);
  }

  @Test
  void processIdsMayBeMany() throws Exception {
    var others = IntStream.rangeClosed(2, 1000).map(i -> -i).boxed().collect(Collectors.toSet());
    var inside = new HashSet<>(others);
    inside.add(1);

    watch(new PidFilter(false, true, false, inside));
    assertThat(calls("getppid", "fork-namespace", "getppid", "fork", "getppid")).isEqualTo(1);
    watch(new PidFilter(true, true, false, others));
    assertThat(calls("getppid", "fork-namespace", "getppid")).isEqualTo(2);
  }

  /** Of the trigger's calls alone those are told that the filter lets through. */
  private static void watch(ProcessFilter filter) throws BpfException, IOException {
    var trigger = new BinaryFilter(false, Set.of(Trigger.PROGRAM.toRealPath().toString()));
    var selector = new SelectorPlan(List.of(trigger, filter), List.of(), true, 0);
    node.enforceBothWays(TestNode.hook(GETPPID, List.of(), selector));
  }

  /** How many are told of the trigger and its children. */
  private static long calls(Object... words) {
    var plain =
        Stream.of(words)
            .flatMap(word -> word instanceof List<?> list ? list.stream() : Stream.of(word))
            .toArray();
    return node.toldBothWays(() -> Trigger.run(plain));
  }

  private static int inode(NamespaceKind kind) throws IOException {
    var link =
        Files.readSymbolicLink(Path.of("/proc/self/ns", kind.name().toLowerCase(Locale.ROOT)))
            .toString();
    return Integer.parseUnsignedInt(link, link.indexOf('[') + 1, link.length() - 1, 10);
  }

  private static Arguments namespace(NamespaceKind kind, Object... leave) {
    return argumentSet(kind.name(), kind, List.of(leave));
  }
}
