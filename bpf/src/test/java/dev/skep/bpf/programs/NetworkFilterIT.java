package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentFilter;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.HookPlan.Matching;
import dev.skep.bpf.HookPlan.Network;
import dev.skep.bpf.HookPlan.NetworkProperty;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.HookPlan.Range;
import dev.skep.bpf.HookPlan.SelectorPlan;
import dev.skep.bpf.KernelRecord.Hook;
import dev.skep.bpf.NetworkFacts;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.OnlyInVm;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What filters on sockets, packets and addresses let through, of a handful that differ. Each filter
 * is a policy of its own, and once more behind so many others that it has no code of its own.
 */
@NeedsKernel
@NeedsPolicies
@OnlyInVm("a kernel that takes kprobes")
class NetworkFilterIT {
  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int ICMP = 1;
  private static final int SYN_SENT = 2;
  private static final int LISTEN = 10;
  private static final int AT_ONCE = 15; // twice as many hooks are on the function then

  private static final Matching LOCAL = to("127.1.0.0/16");
  private static final Matching ALL_IPV6 = to("::/0");
  private static final Matching PORT_443 = number(NetworkProperty.DESTINATION_PORT, 443, 443);
  private static final Matching PRIVILEGED = number(NetworkProperty.SOURCE_PORT, 1, 1023);

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

  /**
   * @param argument position of what is asked
   * @param marks of the sockets whose calls it lets through
   */
  private record Row(
      String name, int argument, boolean negated, Matching matching, Set<Integer> marks) {}

  @Test
  void socketsAreToldApart() throws BpfException {
    compare(
        "tcp_connect",
        List.of(new ArgumentPlan(ArgumentKind.SOCK, 0, 0)),
        """
        mark 1 from 700 tcp 127.0.0.1 4000 from 0
        mark 2 tcp 127.1.2.3 443
        mark 3 tcp-4to6 127.1.2.3 5000
        mark 4 tcp ::1 6000
        mark 5 tcp fd00:1::1 7000
        """,
        is("network", LOCAL, 2, 3),
        not("network", LOCAL, 1, 4, 5),
        is("as IPv6 maps it", to("::ffff:127.1.0.0/112"), 2, 3),
        is("both families", to("127.0.0.1/32", "::1/128"), 1, 4),
        not("both families", to("127.0.0.1/32", "::1/128"), 2, 3, 5),
        is("all of IPv6", ALL_IPV6, 4, 5),
        not("all of IPv6", ALL_IPV6, 1, 2, 3),
        is("all of IPv4", to("0.0.0.0/0"), 1, 2, 3),
        not("all of IPv4", to("0.0.0.0/0"), 4, 5),
        is(
            "five",
            to("10.0.0.0/8", "172.16.0.0/12", "127.1.2.2/31", "1.1.1.1/32", "8.0.0.0/7"),
            2,
            3),
        is("odd prefixes", to("127.1.2.2/32", "127.0.0.0/31", "fd00:1::/127"), 1, 5),
        is("source", from("127.0.0.1/32"), 1, 2, 3),
        not("source", from("127.0.0.1/32"), 4, 5),
        is("port", PORT_443, 2),
        not("port", PORT_443, 1, 3, 4, 5),
        is("ports", number(NetworkProperty.DESTINATION_PORT, 4000, 5000), 1, 3),
        is("five ports", numbers(NetworkProperty.DESTINATION_PORT, 1, 3, 443, 4001, 7000), 2, 5),
        not(
            "five ports",
            numbers(NetworkProperty.DESTINATION_PORT, 1, 3, 443, 4001, 7000),
            1,
            3,
            4),
        is("privileged", PRIVILEGED, 1),
        not("privileged", PRIVILEGED, 2, 3, 4, 5),
        is("family", number(NetworkProperty.FAMILY, AF_INET, AF_INET), 1, 2),
        is("families", numbers(NetworkProperty.FAMILY, AF_UNIX, AF_INET6), 3, 4, 5),
        is("protocol", numbers(NetworkProperty.PROTOCOL, UDP, TCP), 1, 2, 3, 4, 5),
        is("other protocol", numbers(NetworkProperty.PROTOCOL, UDP)),
        is("state", numbers(NetworkProperty.STATE, SYN_SENT), 1, 2, 3, 4, 5),
        is("other state", numbers(NetworkProperty.STATE, LISTEN)));
  }

  @Test
  void packetsAreToldApartByTheirHeaders() throws BpfException {
    var fragments = numbers(NetworkProperty.DESTINATION_PORT, 0);
    compare(
        "__dev_queue_xmit",
        List.of(new ArgumentPlan(ArgumentKind.SKB, 0, 0)),
        """
        receive 127.1.2.3 4000 receive ::1 443 receive fd00:1::1 5000
        mark 1 from 700 send 127.1.2.3 4000 from 0
        mark 2 send ::1 443
        mark 3 send-options fd00:1::1 5000
        mark 4 send-fragment 127.1.2.3 185
        mark 5 send-echo 127.0.0.1
        mark 6 send-fragments fd00:1::1 5000
        """,
        is("network", LOCAL, 1, 4),
        not("network", LOCAL, 2, 3, 5, 6),
        is("of IPv6", to("fd00::/8"), 3, 6),
        is("source", from("127.0.0.1/32"), 1, 4, 5),
        is("port", PORT_443, 2),
        not("port", PORT_443, 1, 3, 4, 5, 6),
        is("behind options", numbers(NetworkProperty.DESTINATION_PORT, 5000), 3, 6),
        is("without ports", fragments, 4, 5, 6),
        is("privileged", PRIVILEGED, 1),
        is("protocol", numbers(NetworkProperty.PROTOCOL, UDP), 1, 2, 3, 4, 6),
        is("other protocol", numbers(NetworkProperty.PROTOCOL, ICMP), 5),
        is("family", numbers(NetworkProperty.FAMILY, AF_INET), 1, 4, 5),
        is("other family", numbers(NetworkProperty.FAMILY, AF_INET6), 2, 3, 6));
  }

  @Test
  void addressesThatAreConnectedToAreToldApart() throws BpfException {
    compare(
        "security_socket_connect",
        List.of(
            new ArgumentPlan(ArgumentKind.SOCKADDR, 1, 2),
            new ArgumentPlan(ArgumentKind.SOCKET, 0, 0)),
        """
        mark 1 udp 127.1.2.3 4000
        mark 2 udp fd00:1::1 443
        mark 3 unix /nowhere/name
        mark 4 unix @here
        mark 5 udp-none
        """,
        is("network", from("127.1.0.0/16"), 1),
        not("network", from("127.1.0.0/16"), 2),
        is("port", numbers(NetworkProperty.SOURCE_PORT, 443), 2),
        not("port", numbers(NetworkProperty.SOURCE_PORT, 443), 1),
        is("privileged", PRIVILEGED, 2),
        not("privileged", PRIVILEGED, 1),
        is("family", numbers(NetworkProperty.FAMILY, AF_UNIX), 3, 4),
        of("socket's family", 1, numbers(NetworkProperty.FAMILY, AF_INET), 1, 5),
        of("socket's protocol", 1, numbers(NetworkProperty.PROTOCOL, UDP), 1, 2, 5));
  }

  @Test
  void namesOfUnixSocketsAreTexts() throws BpfException {
    var words =
        """
        mark 1 udp 127.1.2.3 4000
        mark 2 unix /nowhere/name
        mark 3 unix @here
        mark 4 unix @hers
        """;
    var path = new Matching.TextOneOf(Set.of("/nowhere/name", "/nowhere/nam"));
    var name = new Matching.TextOneOf(Set.of("@here", "/nowhere/nam"));
    compare(
        "security_socket_connect",
        List.of(
            new ArgumentPlan(ArgumentKind.SOCKADDR_UN, 1, 2),
            new ArgumentPlan(ArgumentKind.SOCKET, 0, 0)),
        words,
        is("path", path, 2),
        is("name", name, 3),
        not("name", name, 1, 2, 4),
        is("prefix", new Matching.TextPrefix(Set.of("@her")), 3, 4),
        is("family", numbers(NetworkProperty.FAMILY, AF_UNIX), 2, 3, 4));
    compare(
        "security_socket_connect",
        List.of(
            new ArgumentPlan(ArgumentKind.SOCKADDR_UN, 1, 0),
            new ArgumentPlan(ArgumentKind.SOCKET, 0, 0)),
        words,
        is("path", path, 2),
        is("prefix", new Matching.TextPrefix(Set.of("@here")), 3));
  }

  private static Row is(String name, Matching matching, Integer... marks) {
    return of(name, 0, matching, marks);
  }

  private static Row of(String name, int argument, Matching matching, Integer... marks) {
    return new Row(name, argument, false, matching, new HashSet<>(Arrays.asList(marks)));
  }

  private static Row not(String name, Matching matching, Integer... marks) {
    return new Row("not " + name, 0, true, matching, new HashSet<>(Arrays.asList(marks)));
  }

  private void compare(String function, List<ArgumentPlan> arguments, String words, Row... rows)
      throws BpfException {
    var expected = new HashMap<String, Set<Integer>>();
    var told = new HashMap<String, Set<Integer>>();
    for (int begin = 0; begin < rows.length; begin += AT_ONCE) {
      remove();
      for (var row : Arrays.asList(rows).subList(begin, Math.min(begin + AT_ONCE, rows.length))) {
        var filter = new ArgumentFilter(row.argument(), row.negated(), row.matching());
        var selector = new SelectorPlan(List.of(), List.of(), List.of(filter), true, 0);
        var hook =
            new HookPlan(0, new Place.Function(function), false, arguments, List.of(selector));
        node.enforce(row.name(), hook);
        node.enforce(row.name() + ", far", TestNode.behind(hook));
        expected.put(row.name(), row.marks());
        expected.put(row.name() + ", far", row.marks());
      }
      told.putAll(marks(Talker.run(words.strip().replaceAll("\\s+", " "))));
    }
    for (var name : expected.keySet()) {
      told.computeIfAbsent(name, _ -> Set.of());
    }
    assertThat(told).isEqualTo(expected);
  }

  /** By policy; what has none is not what the talker was told to do. */
  private static Map<String, Set<Integer>> marks(int pid) {
    return node.records(Hook.class, pid).stream()
        .filter(hook -> mark(hook) != 0)
        .collect(
            Collectors.groupingBy(
                Hook::policy,
                Collectors.mapping(NetworkFilterIT::mark, Collectors.toCollection(TreeSet::new))));
  }

  private static int mark(Hook hook) {
    return hook.arguments().stream()
        .filter(argument -> argument.kind().isNetwork() && !argument.unreadable())
        .mapToInt(argument -> NetworkFacts.of(argument.bytes()).mark())
        .max()
        .orElse(0);
  }

  private static Matching number(NetworkProperty property, long low, long high) {
    return new Matching.PropertyInRange(property, Set.of(new Range(low, high)));
  }

  private static Matching numbers(NetworkProperty property, long... numbers) {
    return new Matching.PropertyInRange(
        property,
        Arrays.stream(numbers)
            .mapToObj(number -> new Range(number, number))
            .collect(Collectors.toSet()));
  }

  private static Matching to(String... networks) {
    return new Matching.InNetworks(true, networks(networks));
  }

  private static Matching from(String... networks) {
    return new Matching.InNetworks(false, networks(networks));
  }

  private static Set<Network> networks(String... networks) {
    return Arrays.stream(networks).map(NetworkFilterIT::network).collect(Collectors.toSet());
  }

  /** Java makes IPv4 of what is mapped, so that is written out. */
  private static Network network(String text) {
    var parts = text.split("/", -1);
    int prefix = Integer.parseInt(parts[1]);
    if (parts[0].startsWith("::ffff:")) {
      var ipv4 = network(parts[0].substring("::ffff:".length()) + "/32");
      return new Network(true, 0, 0xffffL << Integer.SIZE | ipv4.low(), prefix);
    }
    try {
      var bytes = ByteBuffer.wrap(InetAddress.ofLiteral(parts[0]).getAddress());
      return bytes.remaining() == Integer.BYTES
          ? new Network(false, 0, Integer.toUnsignedLong(bytes.getInt()), prefix)
          : new Network(true, bytes.getLong(), bytes.getLong(), prefix);
    } catch (IllegalArgumentException e) {
      throw new AssertionError(text, e);
    }
  }
}
