package dev.skep.policy;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/** The kernel's names of protocols, address families and states of TCP. */
@SuppressWarnings("ImmutableEnumChecker") // filled once
public enum NetworkWords {
  PROTOCOL(
      "IPPROTO_",
      65535,
      "IP 0, HOPOPTS 0, ICMP 1, IGMP 2, IPIP 4, TCP 6, EGP 8, PUP 12, UDP 17, IDP 22, TP 29, DCCP 33,"
          + " IPV6 41, ROUTING 43, FRAGMENT 44, RSVP 46, GRE 47, ESP 50, AH 51, ICMPV6 58, NONE 59,"
          + " DSTOPTS 60, MTP 92, BEETPH 94, ENCAP 98, PIM 103, COMP 108, L2TP 115, SCTP 132, MH 135,"
          + " UDPLITE 136, MPLS 137, ETHERNET 143, RAW 255, MPTCP 262"),
  FAMILY(
      "AF_",
      65535,
      "UNSPEC 0, UNIX 1, LOCAL 1, INET 2, AX25 3, IPX 4, APPLETALK 5, NETROM 6, BRIDGE 7, ATMPVC 8,"
          + " X25 9, INET6 10, ROSE 11, NETBEUI 13, SECURITY 14, KEY 15, NETLINK 16, ROUTE 16,"
          + " PACKET 17, ASH 18, ECONET 19, ATMSVC 20, RDS 21, SNA 22, IRDA 23, PPPOX 24, WANPIPE 25,"
          + " LLC 26, IB 27, MPLS 28, CAN 29, TIPC 30, BLUETOOTH 31, IUCV 32, RXRPC 33, ISDN 34,"
          + " PHONET 35, IEEE802154 36, CAIF 37, ALG 38, NFC 39, VSOCK 40, KCM 41, QIPCRTR 42, SMC 43,"
          + " XDP 44, MCTP 45"),
  STATE(
      "TCP_",
      255,
      "ESTABLISHED 1, SYN_SENT 2, SYN_RECV 3, FIN_WAIT1 4, FIN_WAIT2 5, TIME_WAIT 6, CLOSE 7,"
          + " CLOSE_WAIT 8, LAST_ACK 9, LISTEN 10, CLOSING 11, NEW_SYN_RECV 12, BOUND_INACTIVE 13");

  private final Map<String, Integer> numbers = new HashMap<>();
  private final Map<Integer, String> names = new HashMap<>();
  private final NumberRange range;

  NetworkWords(String prefix, int high, String words) {
    range = NumberRange.upTo(high);
    for (var word : words.split(", ", -1)) {
      int blank = word.indexOf(' ');
      var name = prefix + word.substring(0, blank);
      var number = Integer.valueOf(word.substring(blank + 1));
      numbers.put(name, number);
      names.putIfAbsent(number, name);
    }
  }

  OptionalInt number(String word) {
    var number = numbers.get(word);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** Its name, the usual one of several; the number itself if it has none. */
  public String word(int number) {
    return names.getOrDefault(number, Integer.toString(number));
  }

  Collection<String> words() {
    return numbers.keySet();
  }

  /** Of those without a name. */
  NumberRange range() {
    return range;
  }
}
