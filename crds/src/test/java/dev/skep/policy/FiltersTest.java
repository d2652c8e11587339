package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Hook.Action;
import dev.skep.policy.Hook.Matching;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FiltersTest {
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

  private static Matching matching(String type, String operator, String values) {
    var hook =
        Policies.acceptedHook(
            Policies.ofKprobe(
                "args: [{index: 0, type: "
                    + type
                    + "}]\nselectors: [{matchArgs: [{index: 0,"
                    + " operator: "
                    + operator
                    + ", values: ["
                    + values
                    + "]}]}]"));
    return hook.selectors().getFirst().arguments().getFirst().matching();
  }
}
