package dev.skep.agent.event;

import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.IpAddress;
import dev.skep.bpf.NetworkFacts;
import dev.skep.events.Argument;
import dev.skep.events.KernelText;
import dev.skep.policy.NetworkWords;
import java.util.Optional;

/** Sockets, packets and addresses in the words of the event. */
final class NetworkArguments {
  private NetworkArguments() {}

  static Argument of(ArgumentKind kind, NetworkFacts facts, String label) {
    return switch (kind) {
      case SKB -> skb(facts, label);
      case SOCKADDR -> sockaddr(facts, label);
      default -> sock(facts, label);
    };
  }

  private static Argument sock(NetworkFacts facts, String label) {
    return new Argument.SockArg(
        NetworkWords.FAMILY.word(facts.family()),
        type(facts.type()),
        protocol(facts),
        facts.mark(),
        facts.priority(),
        text(facts.source()),
        text(facts.destination()),
        facts.sourcePort(),
        facts.destinationPort(),
        facts.cookie(),
        facts.state() == 0 ? "" : NetworkWords.STATE.word(facts.state()),
        label);
  }

  private static Argument skb(NetworkFacts facts, String label) {
    return new Argument.SkbArg(
        facts.hash(),
        facts.length(),
        facts.priority(),
        facts.mark(),
        text(facts.source()),
        text(facts.destination()),
        facts.sourcePort(),
        facts.destinationPort(),
        facts.protocol(),
        facts.securityPath(),
        facts.securityPathOffloaded(),
        protocol(facts),
        facts.family() == 0 ? "" : NetworkWords.FAMILY.word(facts.family()),
        label);
  }

  private static Argument sockaddr(NetworkFacts facts, String label) {
    var address =
        facts.source().isPresent()
            ? text(facts.source())
            : KernelText.of(facts.name(), 0, facts.name().length);
    return new Argument.SockaddrArg(
        NetworkWords.FAMILY.word(facts.family()), address, facts.sourcePort(), label);
  }

  /** Other families number theirs otherwise. */
  private static String protocol(NetworkFacts facts) {
    if (facts.source().isPresent()) {
      return NetworkWords.PROTOCOL.word(facts.protocol());
    }
    return facts.protocol() == 0 ? "" : Integer.toString(facts.protocol());
  }

  private static String type(int type) {
    return switch (type) {
      case 1 -> "SOCK_STREAM";
      case 2 -> "SOCK_DGRAM";
      case 3 -> "SOCK_RAW";
      case 4 -> "SOCK_RDM";
      case 5 -> "SOCK_SEQPACKET";
      case 6 -> "SOCK_DCCP";
      case 10 -> "SOCK_PACKET";
      default -> Integer.toString(type);
    };
  }

  private static String text(Optional<IpAddress> address) {
    return address.map(IpAddress::toString).orElse("");
  }
}
