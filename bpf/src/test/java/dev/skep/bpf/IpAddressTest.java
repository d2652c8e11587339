package dev.skep.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "::",
        "::1",
        "1::",
        "fd00:1::1",
        "2001:db8::1:0:0:1",
        "2001:0:0:1::1",
        "1:2:3:4:5:6:7:8",
        "0:2:3:4:5:6:7:0",
        "1:0:3:4:5:6:7:8",
        "::2:3:4:5:6:7",
        "1:2:3:4:5:6::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
      })
  void anAddressIsWrittenAsShortAsItCanBe(String text) {
    var bytes = ByteBuffer.wrap(InetAddress.ofLiteral(text).getAddress());

    assertThat(new IpAddress(bytes.getLong(), bytes.getLong())).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "127.0.0.1", "255.254.1.0"})
  void whatIpv6MapsIsWrittenAsIpv4(String text) {
    int bits = ByteBuffer.wrap(InetAddress.ofLiteral(text).getAddress()).getInt();

    assertThat(IpAddress.ofIpv4(Integer.toUnsignedLong(bits))).hasToString(text);
  }
}
