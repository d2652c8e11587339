package dev.skep.bpf.kernel;

import dev.skep.bpf.HookPlan.Network;
import dev.skep.bpf.IpAddress;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Networks as keys of a trie: struct network_key. Pure. */
final class NetworkKey {
  private static final int BYTES = (int) Structs.NETWORK_KEY.byteSize();
  private static final int VERSION_BITS = Integer.SIZE;
  private static final int MAPPED_BITS = 96; // of an IPv4 address as IPv6 maps it, before its own

  private NetworkKey() {}

  static byte[] of(Network network) {
    var address =
        network.ipv6()
            ? new IpAddress(network.high(), network.low())
            : IpAddress.ofIpv4(network.low());
    return ByteBuffer.allocate(BYTES)
        .order(ByteOrder.nativeOrder())
        .putInt(VERSION_BITS + (network.ipv6() ? 0 : MAPPED_BITS) + network.prefix())
        .putInt(network.ipv6() ? 6 : 4)
        .order(ByteOrder.BIG_ENDIAN)
        .putLong(address.high())
        .putLong(address.low())
        .array();
  }

  /** What {@link #network} makes a network of again. */
  static String text(MemorySegment key) {
    var bytes = key.asSlice(0, BYTES).asByteBuffer().order(ByteOrder.nativeOrder());
    int prefix = bytes.getInt() - VERSION_BITS;
    boolean ipv6 = bytes.getInt() == 6;
    bytes.order(ByteOrder.BIG_ENDIAN);
    long high = bytes.getLong();
    long low = bytes.getLong();
    return ipv6
        ? "6/%d/%d/%d".formatted(high, low, prefix)
        : "4/%d/%d/%d".formatted(high, low & 0xffff_ffffL, prefix - MAPPED_BITS);
  }

  static Network network(String text) {
    var parts = text.split("/", -1);
    return new Network(
        parts[0].equals("6"),
        Long.parseLong(parts[1]),
        Long.parseLong(parts[2]),
        Integer.parseInt(parts[3]));
  }
}
