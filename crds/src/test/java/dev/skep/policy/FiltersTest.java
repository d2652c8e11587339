package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Hook.Action;
import dev.skep.policy.Hook.Matching;
import dev.skep.policy.ast.Cidr;
import dev.skep.policy.ast.FileType;
import dev.skep.policy.ast.Matching.Range;
import dev.skep.policy.ast.Matching.Side;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FiltersTest {
  private static final Set<String> STRUCTS = Set.of("sock", "file");

  @Test
  void typesOfFilesAreCompared() {
    assertThat(matching("file", "NotFileType", "reg, pipe"))
        .isEqualTo(new Matching.FileTypeOneOf(Set.of(FileType.REGULAR, FileType.FIFO)));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      value = {
        "int, -2147483648, -2147483648",
        "int, 0x7fffffff, 2147483647",
        "sint32, 7, 7",
        "uint32, 4294967295, 4294967295",
        "int8, -128, -128",
        "sint8, 0x7f, 127",
        "uint8, 255, 255",
        "int16, -32768, -32768",
        "sint16, 7, 7",
        "uint16, 0xffff, 65535",
        "long, -9223372036854775808, -9223372036854775808",
        "int64, 0x10, 16",
        "size_t, 18446744073709551615, -1",
        "uint64, 0xffffffffffffffff, -1",
      })
  void numbersAreReadAsTheirType(String type, String text, long number) {
    assertThat(matching(type, "Equal", "\"" + text + "\""))
        .isEqualTo(new Matching.OneOf(Set.of(number)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"string", "fd"})
  void theNulAtTheEndOfAStringIsNoPartOfIt(String type) {
    assertThat(matching(type, "Equal", "\"security.capability\\0\""))
        .isEqualTo(new Matching.TextOneOf(Set.of("security.capability")));
  }

  @ParameterizedTest
  @CsvSource({"GT, GreaterThan", "LT, LessThan"})
  void operatorsHaveLongNames(String operator, String longName) {
    assertThat(matching("int", operator, "\"3\"")).isEqualTo(matching("int", longName, "\"3\""));
  }

  @ParameterizedTest
  @CsvSource({"int", "uint32"})
  void masksAreJoinedAndHaveNoSign(String type) {
    assertThat(matching(type, "Mask", "\"0x80000000\", \"1\""))
        .isEqualTo(new Matching.AnyBit(0x80000001L));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | true | 0",
        "{action: Post} | true | 0",
        "{action: NoPost} | false | 0",
        "{action: Sigkill} | true | 9",
        "{action: Sigkill, argError: -1} | true | 9",
        "{action: Post}, {action: Sigkill} | true | 9",
        "{action: NoPost}, {action: Sigkill} | false | 9",
        "{action: Signal, argSig: 10} | true | 10",
        "{action: Signal, argSig: 9}, {action: Sigkill} | true | 9",
      })
  void actionsJoinIntoOne(String actions, boolean post, int signal) {
    var hook =
        Policies.acceptedHook(Policies.ofKprobe("selectors: [{matchActions: [" + actions + "]}]"));

    assertThat(hook.selectors().getFirst().action()).isEqualTo(new Action(post, signal));
  }

  @ParameterizedTest
  @CsvSource({
    "sys_write, write",
    "__x64_sys_write, write",
    "write, write",
    "sys_newstat, stat",
    "sys_umount, umount2",
    "sys_newuname, uname",
    "sys_pivot_root, pivot_root"
  })
  void callsAreKnownByTheNameOfTheSystemCallAndOfItsFunction(String call, String syscall) {
    var hook = Policies.acceptedHook(Policies.ofSpec("kprobes: [{call: " + call + "}]"));

    assertThat(hook.call()).isEqualTo(call);
    assertThat(hook.place()).isEqualTo(new Hook.Place.Syscall(syscall));
    assertThat(Syscalls.number(syscall)).isPresent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DPort | '\"443\", \"8000:8999\"' | DESTINATION_PORT | 443:443 8000:8999",
        "NotSPort | '\"0\"' | SOURCE_PORT | 0:0",
        "DPortPriv | '' | DESTINATION_PORT | 1:1023",
        "NotSportPriv | '' | SOURCE_PORT | 1:1023",
        "Protocol | 'IPPROTO_TCP, \"17\"' | PROTOCOL | 6:6 17:17",
        "Family | AF_INET6 | FAMILY | 10:10",
        "State | TCP_SYN_RECV | STATE | 3:3",
      })
  void numbersOfSocketsAreRanges(
      String operator, String values, Hook.Property property, String ranges) {
    assertThat(matching("sock", operator, values))
        .isEqualTo(
            new Matching.PropertyInRange(
                property,
                Arrays.stream(ranges.split(" ", -1))
                    .map(range -> range.split(":", -1))
                    .map(ends -> new Range(Long.parseLong(ends[0]), Long.parseLong(ends[1])))
                    .collect(Collectors.toSet())));
  }

  @ParameterizedTest
  @CsvSource({"SAddr, SOURCE", "NotDAddr, DESTINATION"})
  void addressesOfSocketsAreNetworksOfBothFamilies(String operator, Side side) {
    assertThat(matching("sock", operator, "10.1.2.3/8, \"::1\""))
        .isEqualTo(
            new Matching.InNetworks(
                side,
                Set.of(new Cidr(false, 0, 10L << 24, 8), new Cidr(true, 0, 1, Cidr.bits(true)))));
  }

  private static Matching matching(String type, String operator, String values) {
    var hook =
        Policies.acceptedHook(
            Policies.ofKprobe(
                (STRUCTS.contains(type) ? "syscall: false\n" : "")
                    + "args: [{index: 0, type: "
                    + type
                    + "}]\nselectors: [{matchArgs: [{index: 0,"
                    + " operator: "
                    + operator
                    + (values == null || values.isEmpty() ? "" : ", values: [" + values + "]")
                    + "}]}]"));
    return hook.selectors().getFirst().arguments().getFirst().matching();
  }
}
