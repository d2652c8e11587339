package dev.skep.events.json;

import static dev.skep.events.KernelText.wellFormed;

import com.fasterxml.jackson.core.io.SerializedString;
import dev.skep.events.Argument.NetDevArg;
import dev.skep.events.Argument.SkbArg;
import dev.skep.events.Argument.SockArg;
import dev.skep.events.Argument.SockaddrArg;
import dev.skep.events.Argument.SockaddrUnArg;
import java.io.IOException;

/** Writes sockets, packets and their like. */
final class NetworkJson {
  private static final SerializedString SOCK_ARG = new SerializedString("sock_arg");
  private static final SerializedString SKB_ARG = new SerializedString("skb_arg");
  private static final SerializedString SOCKADDR_ARG = new SerializedString("sockaddr_arg");
  private static final SerializedString SOCKADDRUN_ARG = new SerializedString("sockaddrun_arg");
  private static final SerializedString NET_DEV_ARG = new SerializedString("net_dev_arg");

  private static final SerializedString FAMILY = new SerializedString("family");
  private static final SerializedString TYPE = new SerializedString("type");
  private static final SerializedString PROTOCOL = new SerializedString("protocol");
  private static final SerializedString MARK = new SerializedString("mark");
  private static final SerializedString PRIORITY = new SerializedString("priority");
  private static final SerializedString SADDR = new SerializedString("saddr");
  private static final SerializedString DADDR = new SerializedString("daddr");
  private static final SerializedString SPORT = new SerializedString("sport");
  private static final SerializedString DPORT = new SerializedString("dport");
  private static final SerializedString COOKIE = new SerializedString("cookie");
  private static final SerializedString STATE = new SerializedString("state");
  private static final SerializedString HASH = new SerializedString("hash");
  private static final SerializedString LEN = new SerializedString("len");
  private static final SerializedString PROTO = new SerializedString("proto");
  private static final SerializedString SEC_PATH_LEN = new SerializedString("sec_path_len");
  private static final SerializedString SEC_PATH_OLEN = new SerializedString("sec_path_olen");
  private static final SerializedString ADDR = new SerializedString("addr");
  private static final SerializedString PORT = new SerializedString("port");
  private static final SerializedString PATH = new SerializedString("path");
  private static final SerializedString NAME = new SerializedString("name");

  private NetworkJson() {}

  static void write(JsonLine out, SockArg sock) throws IOException {
    begin(out, SOCK_ARG);
    out.plain(FAMILY, sock.family());
    out.plain(TYPE, sock.type());
    out.plain(PROTOCOL, sock.protocol());
    out.plain(MARK, sock.mark());
    out.plain(PRIORITY, sock.priority());
    out.plain(SADDR, sock.source());
    out.plain(DADDR, sock.destination());
    out.plain(SPORT, sock.sourcePort());
    out.plain(DPORT, sock.destinationPort());
    out.plainUnsigned64(COOKIE, sock.cookie());
    out.plain(STATE, sock.state());
    out.json().writeEndObject();
  }

  static void write(JsonLine out, SkbArg skb) throws IOException {
    begin(out, SKB_ARG);
    out.plain(HASH, skb.hash());
    out.plain(LEN, skb.length());
    out.plain(PRIORITY, skb.priority());
    out.plain(MARK, skb.mark());
    out.plain(SADDR, skb.source());
    out.plain(DADDR, skb.destination());
    out.plain(SPORT, skb.sourcePort());
    out.plain(DPORT, skb.destinationPort());
    out.plain(PROTO, skb.number());
    out.plain(SEC_PATH_LEN, skb.securityPath());
    out.plain(SEC_PATH_OLEN, skb.offloaded());
    out.plain(PROTOCOL, skb.protocol());
    out.plain(FAMILY, skb.family());
    out.json().writeEndObject();
  }

  static void write(JsonLine out, SockaddrArg address) throws IOException {
    begin(out, SOCKADDR_ARG);
    out.plain(FAMILY, address.family());
    out.plain(ADDR, wellFormed(address.address()));
    out.plain(PORT, address.port());
    out.json().writeEndObject();
  }

  static void write(JsonLine out, SockaddrUnArg address) throws IOException {
    begin(out, SOCKADDRUN_ARG);
    out.plain(FAMILY, address.family());
    out.plain(PATH, wellFormed(address.path()));
    out.json().writeEndObject();
  }

  static void write(JsonLine out, NetDevArg device) throws IOException {
    begin(out, NET_DEV_ARG);
    out.plain(NAME, wellFormed(device.name()));
    out.json().writeEndObject();
  }

  private static void begin(JsonLine out, SerializedString kind) throws IOException {
    out.json().writeFieldName(kind);
    out.json().writeStartObject();
  }
}
