package dev.skep.agent.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.IpAddress;
import dev.skep.bpf.NetworkFacts;
import dev.skep.events.Argument;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NetworkArgumentsTest {
  private static final int TCP = 6;
  private static final Optional<IpAddress> HERE = Optional.of(IpAddress.ofIpv4(0x7f00_0001));
  private static final Optional<IpAddress> THERE = Optional.of(new IpAddress(0xfd00L << 48, 7));

  @Test
  void aSocketIsToldInTheWordsOfTheKernel() {
    assertThat(NetworkArguments.of(ArgumentKind.SOCK, facts(2, 1, TCP, 2, HERE, THERE), "s"))
        .isEqualTo(
            new Argument.SockArg(
                "AF_INET",
                "SOCK_STREAM",
                "IPPROTO_TCP",
                3,
                4,
                "127.0.0.1",
                "fd00::7",
                700,
                443,
                5,
                "TCP_SYN_SENT",
                "s"));
  }

  @Test
  void whatHasNoNameIsToldAsANumberAndWhatIsNotThereNotAtAll() {
    var netlink =
        facts(16, 3, 15, 7, Optional.empty(), Optional.empty()); // whose protocols are others
    assertThat(NetworkArguments.of(ArgumentKind.SOCKET, netlink, ""))
        .isEqualTo(
            new Argument.SockArg(
                "AF_NETLINK", "SOCK_RAW", "15", 3, 4, "", "", 700, 443, 5, "TCP_CLOSE", ""));
    assertThat(NetworkArguments.of(ArgumentKind.SOCK, facts(99, 77, 254, 0, HERE, THERE), ""))
        .isInstanceOfSatisfying(
            Argument.SockArg.class,
            sock -> {
              assertThat(sock.family()).isEqualTo("99");
              assertThat(sock.type()).isEqualTo("77");
              assertThat(sock.protocol()).isEqualTo("254");
              assertThat(sock.state()).isEmpty();
            });
  }

  @Test
  void aPacketHasItsProtocolAsANumberToo() {
    assertThat(NetworkArguments.of(ArgumentKind.SKB, facts(10, 0, TCP, 0, THERE, THERE), "p"))
        .isEqualTo(
            new Argument.SkbArg(
                8,
                9,
                4,
                3,
                "fd00::7",
                "fd00::7",
                700,
                443,
                TCP,
                1,
                2,
                "IPPROTO_TCP",
                "AF_INET6",
                "p"));
  }

  @Test
  void anAddressIsThatOfTheInternetOrTheNameOfAUnixSocket() {
    assertThat(NetworkArguments.of(ArgumentKind.SOCKADDR, facts(2, 0, 0, 0, HERE, HERE), ""))
        .isEqualTo(new Argument.SockaddrArg("AF_INET", "127.0.0.1", 700, ""));
    assertThat(
            NetworkArguments.of(
                ArgumentKind.SOCKADDR, facts(1, 0, 0, 0, Optional.empty(), Optional.empty()), "a"))
        .isEqualTo(new Argument.SockaddrArg("AF_UNIX", "@name", 700, "a"));
  }

  private static NetworkFacts facts(
      int family,
      int type,
      int protocol,
      int state,
      Optional<IpAddress> source,
      Optional<IpAddress> destination) {
    var name = "@name".getBytes(StandardCharsets.UTF_8);
    return new NetworkFacts(
        family, type, protocol, state, source, destination, 700, 443, 3, 4, 5, 8, 9, 1, 2, name);
  }
}
