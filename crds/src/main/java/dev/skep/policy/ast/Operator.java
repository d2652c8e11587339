package dev.skep.policy.ast;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What a filter asks of an argument. */
@SuppressWarnings("ImmutableEnumChecker") // made by List.of and the like, and never changed
public enum Operator {
  EQUAL("Equal"),
  NOT_EQUAL("NotEqual"),
  GREATER_THAN("GT", "GreaterThan"),
  LESS_THAN("LT", "LessThan"),
  MASK("Mask"),
  IN_MAP("InMap"),
  NOT_IN_MAP("NotInMap"),
  IN_RANGE("InRange"),
  NOT_IN_RANGE("NotInRange"),
  CEL_EXPR("CelExpr"),
  PREFIX("Prefix"),
  NOT_PREFIX("NotPrefix"),
  POSTFIX("Postfix"),
  NOT_POSTFIX("NotPostfix"),
  SUB_STRING("SubString"),
  SUB_STRING_IGN_CASE("SubStringIgnCase"),
  FILE_TYPE("FileType"),
  NOT_FILE_TYPE("NotFileType"),
  SADDR("SAddr"),
  NOT_SADDR("NotSAddr"),
  DADDR("DAddr"),
  NOT_DADDR("NotDAddr"),
  SPORT("SPort"),
  NOT_SPORT("NotSPort"),
  DPORT("DPort"),
  NOT_DPORT("NotDPort"),
  SPORT_PRIV("SPortPriv"),
  NOT_SPORT_PRIV("NotSportPriv"),
  DPORT_PRIV("DPortPriv"),
  NOT_DPORT_PRIV("NotDPortPriv"),
  PROTOCOL("Protocol"),
  FAMILY("Family"),
  STATE("State"),
  CAPABILITIES_GAINED("CapabilitiesGained");

  private final List<String> words;

  Operator(String... words) {
    this.words = List.of(words);
  }

  /** The operator of that name in a policy. */
  public static Optional<Operator> of(String word) {
    return Arrays.stream(values()).filter(operator -> operator.words.contains(word)).findFirst();
  }

  /** As policies call it; the usual word. */
  public String word() {
    return words.getFirst();
  }

  /** Whether what it names must not be. */
  public boolean negates() {
    return name().startsWith("NOT_");
  }

  /** Whether it says all that there is to say, without values. */
  public boolean takesNoValues() {
    return switch (this) {
      case SPORT_PRIV, NOT_SPORT_PRIV, DPORT_PRIV, NOT_DPORT_PRIV, CAPABILITIES_GAINED -> true;
      default -> false;
    };
  }
}
