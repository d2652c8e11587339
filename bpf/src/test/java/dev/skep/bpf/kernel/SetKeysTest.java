package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan.Network;
import dev.skep.bpf.kernel.SetKeys.Shelf;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class SetKeysTest {
  static final Set<ValueSet> SETS =
      Set.of(
          new ValueSet.Texts(Set.of("", "/etc/passwd", "ä".repeat(40), "x".repeat(4095))),
          new ValueSet.Prefixes(Set.of("/", "/etc/", "p".repeat(256))),
          new ValueSet.Postfixes(Set.of(".so", "ö".repeat(64))),
          new ValueSet.Numbers(Set.of(0L, -1L, Long.MAX_VALUE, Long.MIN_VALUE)),
          new ValueSet.Ranges(Set.of(new NumberPrefix(0, 0), new NumberPrefix(-256, 56))),
          new ValueSet.Networks(
              Set.of(
                  new Network(false, 0, 0xc0a8_0000L, 16),
                  new Network(false, 0, 0, 0),
                  new Network(true, 0, 0, 0),
                  new Network(true, 0xfd00_0000_0000_0000L, -1, 128))));

  @ParameterizedTest
  @FieldSource("SETS")
  void aSetIsReadBackFromItsKeys(ValueSet set) throws Exception {
    var texts = new EnumMap<Shelf, Set<String>>(Shelf.class);
    try (var arena = Arena.ofConfined()) {
      for (var entry : SetKeys.keys(set).entrySet()) {
        var shelf = entry.getKey();
        var here = texts.computeIfAbsent(shelf, _ -> new HashSet<>());
        for (var key : entry.getValue()) {
          assertThat(key).hasSize(shelf.keyBytes);
          var bytes = arena.allocate(key.length, Long.BYTES);
          MemorySegment.copy(key, 0, bytes, ValueLayout.JAVA_BYTE, 0, key.length);
          here.add(SetKeys.text(shelf, bytes));
        }
      }
    }
    assertThat(SetKeys.set(texts)).isEqualTo(set);
  }

  @Test
  void textsAreKeptByTheirLengthInBytes() throws Exception {
    var keys =
        SetKeys.keys(
            new ValueSet.Texts(
                Set.of("a".repeat(64), "ä".repeat(33), "b".repeat(512), "c".repeat(513))));
    assertThat(keys.get(Shelf.SMALL)).hasSize(1);
    assertThat(keys.get(Shelf.MEDIUM)).hasSize(2);
    assertThat(keys.get(Shelf.LARGE)).hasSize(1);
  }

  @Test
  void aNetworkOfIpv4IsTheSameAsIpv6MapsIt() throws Exception {
    var ipv4 = new Network(false, 0, 0x7f01_0000L, 16);
    var mapped = new Network(true, 0, 0xffff_7f01_0000L, 112);
    assertThat(mapped).isEqualTo(ipv4);
    assertThat(NetworkKey.of(ipv4))
        .startsWith(144, 0, 0, 0, 4, 0, 0, 0)
        .endsWith(0, 0, 0xff, 0xff, 0x7f, 1, 0, 0);
    // What has more than those of IPv4 in it stays IPv6, and has none of them.
    assertThat(NetworkKey.of(new Network(true, 0, 0, 80))).startsWith(112, 0, 0, 0, 6);
  }

  @Test
  void aTextThatTheKernelHasNoRoomForIsRefused() {
    assertThatThrownBy(() -> SetKeys.keys(new ValueSet.Prefixes(Set.of("p".repeat(257)))))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("prefix of 257 bytes: the kernel takes at most 256");
  }
}
