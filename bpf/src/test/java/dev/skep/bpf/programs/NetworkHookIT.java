package dev.skep.bpf.programs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.IpAddress;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.NetworkFacts;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.OnlyInVm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What hooks read of sockets, packets, addresses, devices, and of what a file is. */
@NeedsKernel
@NeedsPolicies
@OnlyInVm("a kernel that takes kprobes")
class NetworkHookIT {
  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int STREAM = 1;
  private static final int DATAGRAM = 2;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int SYN_SENT = 2;
  private static final int DATAGRAM_BYTES = 20 + 8 + 4; // headers of IPv4 and UDP, "word"
  private static final int DIRECTORY = 0040000;
  private static final int REGULAR = 0100000;

  @AutoClose private static TestNode node;

  @BeforeAll
  static void load() throws BpfException {
    node = new TestNode();
  }

  @AfterEach
  void remove() throws BpfException {
    for (var uid : node.kernel().policies().keySet()) {
      node.kernel().remove(uid);
    }
  }

  @Test
  void aSocketIsReadWhole() throws BpfException {
    enforce("tcp_connect", List.of(new ArgumentPlan(ArgumentKind.SOCK, 0, 0)));

    int pid =
        Talker.run(
            "mark 77 priority 5 from 700 tcp 127.1.2.3 4000 from 0 tcp fd00:1::1 443 tcp-4to6 127.1.2.3 80");

    var sockets = facts(pid, 0);
    assertThat(sockets).hasSize(3);
    assertThat(sockets).extracting(NetworkFacts::type).containsOnly(STREAM);
    assertThat(sockets).extracting(NetworkFacts::protocol).containsOnly(TCP);
    assertThat(sockets).extracting(NetworkFacts::state).containsOnly(SYN_SENT);
    assertThat(sockets).extracting(NetworkFacts::mark).containsOnly(77);
    assertThat(sockets).extracting(NetworkFacts::priority).containsOnly(5);
    assertThat(sockets)
        .extracting(NetworkFacts::family)
        .containsExactly(AF_INET, AF_INET6, AF_INET6);
    assertThat(sockets).extracting(NetworkFacts::destinationPort).containsExactly(4000, 443, 80);
    assertThat(sockets)
        .extracting(facts -> text(facts.destination()))
        .containsExactly("127.1.2.3", "fd00:1::1", "127.1.2.3");
    assertThat(sockets)
        .extracting(facts -> text(facts.source()))
        .containsExactly("127.0.0.1", "fd00:1::1", "127.0.0.1");
    assertThat(sockets.getFirst().sourcePort()).isEqualTo(700);
  }

  @Test
  void aPacketIsReadToItsPorts() throws BpfException {
    enforce("__dev_queue_xmit", List.of(new ArgumentPlan(ArgumentKind.SKB, 0, 0)));

    int pid =
        Talker.run(
            "receive 127.1.2.3 4000 receive fd00:1::1 5000 mark 78 priority 6 from 700"
                + " send 127.1.2.3 4000 send-options fd00:1::1 5000 from 0 send-fragment 127.1.2.3 9");

    var packets = facts(pid, 0).stream().filter(facts -> facts.mark() == 78).toList();
    assertThat(packets).hasSize(3);
    assertThat(packets).extracting(NetworkFacts::protocol).containsOnly(UDP);
    assertThat(packets)
        .extracting(NetworkFacts::family)
        .containsExactly(AF_INET, AF_INET6, AF_INET);
    assertThat(packets).extracting(NetworkFacts::sourcePort).containsExactly(700, 700, 0);
    assertThat(packets).extracting(NetworkFacts::destinationPort).containsExactly(4000, 5000, 0);
    assertThat(packets)
        .extracting(facts -> text(facts.destination()))
        .containsExactly("127.1.2.3", "fd00:1::1", "127.1.2.3");
    assertThat(packets.getFirst().priority()).isEqualTo(6);
    assertThat(packets.getFirst().length()).isBetween(DATAGRAM_BYTES, DATAGRAM_BYTES + 14);
  }

  @Test
  void whatIsConnectedToIsReadOfTheCall() throws BpfException {
    enforce(
        "security_socket_connect",
        List.of(
            new ArgumentPlan(ArgumentKind.SOCKET, 0, 0),
            new ArgumentPlan(ArgumentKind.SOCKADDR, 1, 2),
            new ArgumentPlan(ArgumentKind.INT, 2, 0),
            new ArgumentPlan(ArgumentKind.SOCKADDR_UN, 1, 2)));

    int pid =
        Talker.run(
            "mark 79 udp 127.1.2.3 4000 udp fd00:1::1 443 unix /nowhere/name unix @here udp-none");

    var sockets = facts(pid, 0);
    assertThat(sockets)
        .extracting(NetworkFacts::family)
        .containsExactly(AF_INET, AF_INET6, AF_UNIX, AF_UNIX, AF_INET);
    assertThat(sockets)
        .extracting(NetworkFacts::type)
        .containsExactly(DATAGRAM, DATAGRAM, STREAM, STREAM, DATAGRAM);
    var addresses = facts(pid, 1);
    assertThat(addresses)
        .extracting(NetworkFacts::family)
        .containsExactly(AF_INET, AF_INET6, AF_UNIX, AF_UNIX, 0);
    assertThat(addresses)
        .extracting(facts -> text(facts.source()))
        .containsExactly("127.1.2.3", "fd00:1::1", "", "", "");
    assertThat(addresses).extracting(NetworkFacts::sourcePort).containsExactly(4000, 443, 0, 0, 0);
    assertThat(addresses)
        .extracting(facts -> new String(facts.name(), UTF_8))
        .containsExactly("", "", "/nowhere/name", "@here", "");
    assertThat(arguments(pid, 3))
        .extracting(KernelRecord.Argument::unreadable)
        .containsExactly(true, true, false, false, true);
    assertThat(arguments(pid, 3))
        .extracting(NetworkHookIT::text)
        .containsExactly("", "", "/nowhere/name", "@here", "");
  }

  @Test
  void aDeviceIsKnownByItsName() throws BpfException {
    var device = List.of(new ArgumentPlan(ArgumentKind.NET_DEVICE, 1, 0));
    enforce(
        "dev_hard_start_xmit",
        device,
        posting(new Matching.TextOneOf(Set.of("lo", "eth7")), false));
    node.enforce(
        "others",
        hook("dev_hard_start_xmit", device, posting(new Matching.TextOneOf(Set.of("lo")), true)));

    int pid = Talker.run("receive 127.1.2.3 4000 send 127.1.2.3 4000");

    assertThat(node.records(Hook.class, pid))
        .isNotEmpty()
        .allSatisfy(hook -> {
          assertThat(hook.policy()).isEqualTo("network");
          assertThat(text(hook.arguments().getFirst())).isEqualTo("lo");
        });
  }

  @Test
  void filesAreToldApartByWhatTheyAre(@TempDir Path folder) throws Exception {
    var top = folder.toRealPath();
    var file = Files.writeString(top.resolve("file"), "");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    var words = new Object[] {"open", file, "open-folder", top};
    var argument = List.of(new ArgumentPlan(ArgumentKind.FILE, 0, 0));
    var path = List.of(new ArgumentPlan(ArgumentKind.PATH, 0, 0));
    var folders = new Matching.FileTypeOneOf(Set.of(DIRECTORY));
    enforce("security_file_open", argument, posting(folders, false));
    node.enforce("others", hook("security_file_open", argument, posting(folders, true)));
    node.enforce("paths", hook("vfs_open", path, posting(folders, false)));
    node.enforce("far", TestNode.behind(hook("vfs_open", path, posting(folders, true))));

    int pid = Trigger.run(words).pid();

    assertThat(paths(pid, "network")).contains(top.toString()).doesNotContain(file.toString());
    assertThat(paths(pid, "paths")).contains(top.toString()).doesNotContain(file.toString());
    assertThat(paths(pid, "others")).contains(file.toString()).doesNotContain(top.toString());
    assertThat(paths(pid, "far")).contains(file.toString()).doesNotContain(top.toString());
    assertThat(node.records(Hook.class, pid))
        .filteredOn(hook -> text(hook.arguments().getFirst()).equals(file.toString()))
        .isNotEmpty()
        .allSatisfy(hook ->
            assertThat(hook.arguments().getFirst().value() >>> Integer.SIZE)
                .isEqualTo(REGULAR | 0640));
  }

  private static List<String> paths(int pid, String policy) {
    return node.records(Hook.class, pid).stream()
        .filter(hook -> hook.policy().equals(policy))
        .map(hook -> text(hook.arguments().getFirst()))
        .toList();
  }

  private static void enforce(
      String function, List<ArgumentPlan> arguments, SelectorPlan... selectors)
      throws BpfException {
    node.enforce("network", hook(function, arguments, selectors));
  }

  private static HookPlan hook(
      String function, List<ArgumentPlan> arguments, SelectorPlan... selectors) {
    return new HookPlan(0, new Place.Function(function), false, arguments, List.of(selectors));
  }

  private static SelectorPlan posting(Matching matching, boolean negated) {
    return new SelectorPlan(
        List.of(), List.of(), List.of(new ArgumentFilter(0, negated, matching)), true, 0);
  }

  private static List<KernelRecord.Argument> arguments(int pid, int position) {
    return node.records(Hook.class, pid).stream()
        .map(hook -> hook.arguments().get(position))
        .toList();
  }

  private static List<NetworkFacts> facts(int pid, int position) {
    return arguments(pid, position).stream()
        .map(argument -> NetworkFacts.of(argument.bytes()))
        .toList();
  }

  private static String text(Optional<IpAddress> address) {
    return address.map(IpAddress::toString).orElse("");
  }

  private static String text(KernelRecord.Argument argument) {
    return new String(argument.bytes(), UTF_8);
  }
}
