package dev.skep.bpf;

import static dev.skep.bpf.layout.Structs.offset;

import dev.skep.bpf.layout.Structs;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * What the kernel says of a socket, a packet or an address of a socket. Numbers are the kernel's;
 * what it does not have is 0.
 *
 * @param source or the one address there is; as destination empty if it is not of IPv4 or IPv6
 * @param cookie of a socket, if anybody asked for it
 * @param hash of a packet, as its length and the two lengths of its security path
 * @param name of a unix socket's address
 */
public record NetworkFacts(
    int family,
    int type,
    int protocol,
    int state,
    Optional<IpAddress> source,
    Optional<IpAddress> destination,
    int sourcePort,
    int destinationPort,
    int mark,
    int priority,
    long cookie,
    int hash,
    int length,
    int securityPath,
    int securityPathOffloaded,
    byte[] name) {
  private static final int BYTES = (int) Structs.NETWORK.byteSize();
  private static final int FAMILY = at("family");
  private static final int TYPE = at("type");
  private static final int PROTOCOL = at("protocol");
  private static final int STATE = at("state");
  private static final int FLAGS = at("flags");
  private static final int SOURCE = at("source");
  private static final int DESTINATION = at("destination");
  private static final int SOURCE_PORT = at("source_port");
  private static final int DESTINATION_PORT = at("destination_port");
  private static final int MARK = at("mark");
  private static final int PRIORITY = at("priority");
  private static final int COOKIE = at("cookie");
  private static final int HASH = at("hash");
  private static final int LENGTH = at("length");
  private static final int SECURITY_PATH = at("security_path");
  private static final int SECURITY_PATH_OFFLOADED = at("security_path_offloaded");
  private static final int HAS_ADDRESSES = 1;

  /**
   * @param bytes of an argument that is readable and of a network's kind
   */
  public static NetworkFacts of(byte[] bytes) {
    var from = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    boolean hasAddresses = (from.get(FLAGS) & HAS_ADDRESSES) != 0;
    return new NetworkFacts(
        Short.toUnsignedInt(from.getShort(FAMILY)),
        Short.toUnsignedInt(from.getShort(TYPE)),
        Short.toUnsignedInt(from.getShort(PROTOCOL)),
        Byte.toUnsignedInt(from.get(STATE)),
        hasAddresses ? Optional.of(address(bytes, SOURCE)) : Optional.empty(),
        hasAddresses ? Optional.of(address(bytes, DESTINATION)) : Optional.empty(),
        Short.toUnsignedInt(from.getShort(SOURCE_PORT)),
        Short.toUnsignedInt(from.getShort(DESTINATION_PORT)),
        from.getInt(MARK),
        from.getInt(PRIORITY),
        from.getLong(COOKIE),
        from.getInt(HASH),
        from.getInt(LENGTH),
        from.getInt(SECURITY_PATH),
        from.getInt(SECURITY_PATH_OFFLOADED),
        Arrays.copyOfRange(bytes, BYTES, bytes.length));
  }

  private static IpAddress address(byte[] bytes, int at) {
    var halves = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
    return new IpAddress(halves.getLong(at), halves.getLong(at + Long.BYTES));
  }

  private static int at(String member) {
    return (int) offset(Structs.NETWORK, member);
  }
}
