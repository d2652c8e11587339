package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.ast.Capability;
import dev.skep.policy.ast.Cidr;
import dev.skep.policy.ast.FileType;
import dev.skep.policy.ast.Matching;
import dev.skep.policy.ast.Matching.Range;
import dev.skep.policy.ast.Matching.Side;
import dev.skep.policy.ast.Matching.Texts.Part;
import dev.skep.policy.ast.Operator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the values of filters are read as. */
class MatchingTest {
  @Test
  void numbersAreReadInTheWidthOfTheirType() {
    assertThat(Trees.matching("int8", "Equal", "\"-128\", \"0x7f\""))
        .isEqualTo(new Matching.Numbers(List.of(Range.of(-128), Range.of(127))));
    assertThat(Trees.matching("uint16", "InRange", "\"1:0xffff\""))
        .isEqualTo(new Matching.Numbers(List.of(new Range(1, 65535))));
    assertThat(Trees.matching("int64", "InMap", "\"5\", \"-7:-3\""))
        .isEqualTo(new Matching.Numbers(List.of(Range.of(5), new Range(-7, -3))));
    assertThat(wrongValues("uint8", "Equal", "\"256\""))
        .containsExactly(
            "is \"256\", must be a number from 0 to 255, decimal or hexadecimal with 0x");
    assertThat(wrongValues("int", "InRange", "\"5\", \"5:1\", \"a:b\""))
        .hasSize(3)
        .allSatisfy(message ->
            assertThat(message).contains("must be low:high, each a number from -2147483648"));
    assertThat(wrongValues("int", "Equal", "\"list:some\""))
        .singleElement()
        .asString()
        .endsWith("; lists belong to InMap and NotInMap");
  }

  @Test
  void capabilitiesAreMasksOrNames() {
    var admin = Capability.CAP_SYS_ADMIN.bit();

    assertThat(admin).isEqualTo(0x200000);
    assertThat(Trees.matching("cap_effective", "NotEqual", "\"0\""))
        .isEqualTo(new Matching.Numbers(List.of(Range.of(0))));
    assertThat(Trees.matching("cap_effective", "Mask", "\"CAP_SYS_ADMIN, cap_chown\""))
        .isEqualTo(new Matching.Mask(admin | 1));
    assertThat(wrongValues("kernel_cap_t", "Equal", "CAP_SYS_ADMN"))
        .containsExactly(
            "\"CAP_SYS_ADMN\" is no capability and no mask of some; did you mean"
                + " \"CAP_SYS_ADMIN\"?");
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3, false, 0, 167838211, 32",
    "10.1.2.3/8, false, 0, 167772160, 8",
    "0.0.0.0/0, false, 0, 0, 0",
    "::1, true, 0, 1, 128",
    "::/0, true, 0, 0, 0",
    "fd00::/8, true, -216172782113783808, 0, 8",
    "1:2:3:4:5:6:7:8, true, 281483566841860, 1407400653815816, 128",
    "1:2:3:4:5:6:7:8/64, true, 281483566841860, 0, 64",
    "64:ff9b::10.1.2.3, true, 28428538856079360, 167838211, 128"
  })
  void addressesAreReadWithTheirNetwork(
      String text, boolean ipv6, long high, long low, int prefix) {
    assertThat(Trees.matching("sock", "DAddr", "\"" + text + "\""))
        .isEqualTo(
            new Matching.Addresses(Side.DESTINATION, List.of(new Cidr(ipv6, high, low, prefix))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10.1.2",
        "10.1.2.256",
        "10.1.2.03",
        "10.1.2.3/33",
        "10.1.2.3/",
        "10.1.2.3/-1",
        "::1/129",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        "1:2:3:4:5:6:7::8",
        ":1",
        "1:",
        "fe80::1%eth0",
        "12345::",
        "${PODCIDR}",
        "localhost"
      })
  void whatIsNoAddressIsNotTakenForOne(String text) {
    assertThat(wrongValues("skb", "NotSAddr", "\"" + text + "\""))
        .containsExactly(
            "is \""
                + text
                + "\", must be an IPv4 or IPv6 address or network, such as 10.0.0.0/8 or fd00::/8");
  }

  @Test
  void portsProtocolsFamiliesAndStatesAreNumbersRangesOrNames() {
    assertThat(Trees.matching("sock", "DPort", "\"443\", \"8000:8999\""))
        .isEqualTo(
            new Matching.Ports(Side.DESTINATION, List.of(Range.of(443), new Range(8000, 8999))));
    assertThat(Trees.matching("sockaddr", "NotSportPriv", ""))
        .isEqualTo(new Matching.PrivilegedPort(Side.SOURCE));
    assertThat(Trees.matching("skb", "Protocol", "IPPROTO_UDP, \"6\", IPPROTO_ICMPV6"))
        .isEqualTo(new Matching.Protocols(List.of(Range.of(17), Range.of(6), Range.of(58))));
    assertThat(Trees.matching("socket", "Family", "AF_INET, \"10\", AF_UNIX"))
        .isEqualTo(new Matching.Families(List.of(Range.of(2), Range.of(10), Range.of(1))));
    assertThat(Trees.matching("sock", "State", "TCP_SYN_RECV, \"1:2\""))
        .isEqualTo(new Matching.States(List.of(Range.of(3), new Range(1, 2))));
    assertThat(wrongValues("sock", "DPort", "\"65536\", http"))
        .containsExactly(
            "is \"65536\", must be a port from 0 to 65535, or low:high of two",
            "is \"http\", must be a port from 0 to 65535, or low:high of two");
    assertThat(wrongValues("sock", "Protocol", "IPPROTO_TPC"))
        .containsExactly(
            "is \"IPPROTO_TPC\", no number, and no name; did you mean \"IPPROTO_TCP\"?");
    assertThat(wrongs("sock", "SPortPriv", "\"1\""))
        .containsExactly("values: is there, but SPortPriv takes no values; delete it");
  }

  @Test
  void textsKeepTheOrderOfTheFile() {
    assertThat(Trees.matching("file", "NotPrefix", "/b, /a"))
        .isEqualTo(new Matching.Texts(Part.PREFIX, List.of("/b", "/a")));
    assertThat(Trees.matching("string", "SubStringIgnCase", "Miner"))
        .isEqualTo(new Matching.Texts(Part.SUB_STRING_IGN_CASE, List.of("Miner")));
    assertThat(wrongValues("string", "SubString", "x".repeat(101)))
        .containsExactly("is 101 bytes long, at most 100 are compared");
  }

  @Test
  void filesHaveTypes() {
    assertThat(Trees.matching("path", "NotFileType", "reg, directory, pipe"))
        .isEqualTo(
            new Matching.FileTypes(Set.of(FileType.REGULAR, FileType.DIRECTORY, FileType.FIFO)));
    assertThat(wrongValues("file", "FileType", "regulr"))
        .containsExactly("is \"regulr\", no type of file; did you mean \"regular\"?");
  }

  @Test
  void capabilitiesGainedComparesTwoArguments() {
    var args =
        "args: [{index: 2, type: cap_effective}, {index: 0, type: cap_effective}, {index: 1, type: int}]";
    var hook =
        Trees.hook(
            Trees.function(
                args
                    + ", selectors: [{matchArgs: [{args: [0, 1], operator: CapabilitiesGained}]}]"));

    assertThat(hook.selectors().getFirst().arguments().getFirst().matching())
        .isEqualTo(new Matching.CapabilitiesGained(1));
    assertThat(
            Trees.wrong(
                Policies.ofSpec(
                    Trees.function(
                        args
                            + ", selectors: [{matchArgs: [{args: [0, 2], operator: CapabilitiesGained},"
                            + " {args: [0], operator: CapabilitiesGained},"
                            + " {args: [0, 3], operator: CapabilitiesGained}]}]"))))
        .extracting(line -> line.replace("spec.kprobes[0].selectors[0].matchArgs", ""))
        .containsExactly(
            "[0].args[1]: is an argument of type int, but CapabilitiesGained compares capabilities,"
                + " such as cap_effective",
            "[1].args: needs two positions in the hook's args for CapabilitiesGained: of the"
                + " capabilities after and before, such as [0, 1]",
            "[2].args[1]: is 3, but the hook has 3 arguments, counted from 0");
  }

  @Test
  void ofAnArgumentWhoseTypeIsFoundOutLaterTheValuesAreKept() {
    assertThat(Trees.matching("auto", "Equal", "anything"))
        .isEqualTo(new Matching.Untyped(Operator.EQUAL, List.of("anything")));
  }

  /** Without the path of the value. */
  private static List<String> wrongValues(String type, String operator, String values) {
    return wrongs(type, operator, values).stream()
        .map(line -> line.replaceFirst("^values\\[\\d+]: ", ""))
        .toList();
  }

  private static List<String> wrongs(String type, String operator, String values) {
    return Trees.wrong(Policies.ofSpec(Trees.filter(type, operator, values))).stream()
        .map(line -> line.replace("spec.kprobes[0].selectors[0].matchArgs[0].", ""))
        .toList();
  }
}
