package dev.skep.policy;

import dev.skep.policy.ast.ArgumentType;
import dev.skep.policy.ast.FileType;
import dev.skep.policy.ast.Matching;
import dev.skep.policy.ast.Matching.Side;
import dev.skep.policy.ast.Matching.Texts.Part;
import dev.skep.policy.ast.Operator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which operators fit which types, and what their values are.
 *
 * @param path of the filter
 */
record MatchingReader(Problems problems, String path, ValueLists lists) {

  /**
   * Null: something is wrong, and told.
   *
   * @param word what the policy calls the type
   */
  @Nullable Matching read(ArgumentType type, String word, Operator operator, List<String> values) {
    if (!type.operators().contains(operator)) {
      problems.invalid(
          path + ".operator",
          "is "
              + operator.word()
              + ", but the argument is of type "
              + word
              + ", which "
              + (type.operators().isEmpty()
                  ? "no filter can look into"
                  : "takes " + all(type.operators())));
      return null;
    }
    if (operator == Operator.CEL_EXPR) {
      problems.unsupported(path + ".operator", "the operator CelExpr");
      return null;
    }
    if (operator.takesNoValues() != values.isEmpty()) {
      problems.invalid(
          path + ".values",
          values.isEmpty()
              ? "is missing, but " + operator.word() + " needs values"
              : "is there, but " + operator.word() + " takes no values; delete it");
      return null;
    }
    return type == ArgumentType.AUTO
        ? readUntyped(operator, values)
        : readTyped(type, operator, values);
  }

  private static String all(Collection<Operator> operators) {
    return operators.stream()
        .filter(operator -> operator != Operator.CEL_EXPR)
        .map(Operator::word)
        .collect(Collectors.joining(", "));
  }

  private @Nullable Matching readTyped(ArgumentType type, Operator operator, List<String> values) {
    var at = path + ".values";
    var texts = new TextValues(problems, at, type);
    var numbers = new NumberValues(problems, at, type, lists);
    var network = new NetworkValues(problems, at);
    return switch (operator) {
      case EQUAL, NOT_EQUAL ->
          type.isNumber()
              ? numbers.readSingle(values)
              : type.isCapabilities()
                  ? numbers.readCapabilitySets(values)
                  : texts.read(Part.WHOLE, values);
      case GREATER_THAN -> {
        var bound = numbers.readBound(operator.word(), values);
        yield bound.isPresent() ? new Matching.GreaterThan(bound.getAsLong()) : null;
      }
      case LESS_THAN -> {
        var bound = numbers.readBound(operator.word(), values);
        yield bound.isPresent() ? new Matching.LessThan(bound.getAsLong()) : null;
      }
      case MASK -> numbers.readMask(values);
      case IN_MAP, NOT_IN_MAP -> numbers.readMembers(values);
      case IN_RANGE, NOT_IN_RANGE -> numbers.readRanges(values);
      case PREFIX, NOT_PREFIX -> texts.read(Part.PREFIX, values);
      case POSTFIX, NOT_POSTFIX -> texts.read(Part.POSTFIX, values);
      case SUB_STRING -> texts.read(Part.SUB_STRING, values);
      case SUB_STRING_IGN_CASE -> texts.read(Part.SUB_STRING_IGN_CASE, values);
      case FILE_TYPE, NOT_FILE_TYPE -> readFileTypes(values);
      case SADDR, NOT_SADDR -> addresses(Side.SOURCE, network, values);
      case DADDR, NOT_DADDR -> addresses(Side.DESTINATION, network, values);
      case SPORT, NOT_SPORT -> ports(Side.SOURCE, network, values);
      case DPORT, NOT_DPORT -> ports(Side.DESTINATION, network, values);
      case SPORT_PRIV, NOT_SPORT_PRIV -> new Matching.PrivilegedPort(Side.SOURCE);
      case DPORT_PRIV, NOT_DPORT_PRIV -> new Matching.PrivilegedPort(Side.DESTINATION);
      case PROTOCOL -> {
        var found = network.readWords(NetworkWords.PROTOCOL, values);
        yield found == null ? null : new Matching.Protocols(found);
      }
      case FAMILY -> {
        var found = network.readWords(NetworkWords.FAMILY, values);
        yield found == null ? null : new Matching.Families(found);
      }
      case STATE -> {
        var found = network.readWords(NetworkWords.STATE, values);
        yield found == null ? null : new Matching.States(found);
      }
      case CAPABILITIES_GAINED, CEL_EXPR ->
          throw new AssertionError(operator + " is read elsewhere");
    };
  }

  private static @Nullable Matching addresses(
      Side side, NetworkValues network, List<String> values) {
    var found = network.readNetworks(values);
    return found == null ? null : new Matching.Addresses(side, found);
  }

  private static @Nullable Matching ports(Side side, NetworkValues network, List<String> values) {
    var found = network.readPorts(values);
    return found == null ? null : new Matching.Ports(side, found);
  }

  private @Nullable Matching readFileTypes(List<String> values) {
    var types =
        Entries.parse(
            problems,
            values,
            path + ".values",
            FileType::of,
            word ->
                "no type of file; "
                    + problems.instead(
                        word,
                        Arrays.stream(FileType.values())
                            .flatMap(t -> t.words().stream())
                            .toList()));
    return types == null ? null : new Matching.FileTypes(new HashSet<>(types));
  }

  /** Lists are put in place, so that whoever finds the type out needs nothing else. */
  private @Nullable Matching readUntyped(Operator operator, List<String> values) {
    if (operator != Operator.IN_MAP && operator != Operator.NOT_IN_MAP) {
      return new Matching.Untyped(operator, values);
    }
    var members = new ArrayList<String>();
    boolean whole = true;
    for (int i = 0; i < values.size(); i++) {
      var value = values.get(i);
      if (!ValueLists.isReference(value)) {
        members.add(value);
        continue;
      }
      var texts = lists.texts(value, Path.item(path + ".values", i), problems);
      if (texts == null) {
        whole = false;
      } else {
        members.addAll(texts);
      }
    }
    return whole ? new Matching.Untyped(operator, members) : null;
  }
}
