package dev.skep.policy;

import dev.skep.policy.Hook.ArgumentType;
import dev.skep.policy.Reading.Problem;
import dev.skep.policy.ast.Argument;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A hook once the types are found out of those of its arguments that are AUTO, and with them what
 * is asked of these.
 *
 * @param problems why it cannot be carried out; then the hook is as it was
 */
public record LateTyping(Hook hook, List<Problem> problems) {
  public LateTyping {
    problems = List.copyOf(problems);
  }

  /**
   * @param found by position in the hook's arguments; for each that is AUTO, and none that is that
   */
  public static LateTyping of(Hook hook, Map<Integer, dev.skep.policy.ast.ArgumentType> found) {
    var problems = new Problems();
    var arguments = new ArrayList<Hook.Argument>();
    for (int i = 0; i < hook.arguments().size(); i++) {
      var argument = hook.arguments().get(i);
      var type = found.get(i);
      if (type == null || argument.type() != ArgumentType.AUTO) {
        arguments.add(argument);
        continue;
      }
      var typed =
          new Argument(
              Path.item(hook.path() + ".args", i),
              argument.index(),
              type,
              argument.sizeIndex(),
              false,
              false,
              argument.label());
      new EngineForm(problems)
          .type(typed)
          .ifPresent(known ->
              arguments.add(
                  new Hook.Argument(
                      argument.index(), known, argument.sizeIndex(), argument.label())));
    }
    var selectors = new ArrayList<Hook.Selector>();
    for (int i = 0; i < hook.selectors().size(); i++) {
      selectors.add(
          typed(
              hook.selectors().get(i), Path.item(hook.path() + ".selectors", i), found, problems));
    }
    return problems.any()
        ? new LateTyping(hook, problems.found())
        : new LateTyping(
            new Hook(
                hook.index(),
                hook.path(),
                hook.call(),
                hook.place(),
                arguments,
                hook.returned(),
                selectors,
                hook.message(),
                hook.tags()),
            List.of());
  }

  private static Hook.Selector typed(
      Hook.Selector selector,
      String path,
      Map<Integer, dev.skep.policy.ast.ArgumentType> found,
      Problems problems) {
    var filters = new ArrayList<Hook.ArgumentFilter>();
    for (int i = 0; i < selector.arguments().size(); i++) {
      var filter = selector.arguments().get(i);
      var type = found.get(filter.argument());
      if (type == null
          || !(filter.matching() instanceof Hook.Matching.Untyped(var operator, var values))) {
        filters.add(filter);
        continue;
      }
      var at = Path.item(path + ".matchArgs", i);
      var matching =
          new MatchingReader(problems, at, ValueLists.none())
              .read(type, type.words().getFirst(), operator, values);
      if (matching != null) {
        new EngineSelectors(problems, null, Map.of())
            .matching(at, matching)
            .ifPresent(known ->
                filters.add(new Hook.ArgumentFilter(filter.argument(), filter.negated(), known)));
      }
    }
    return new Hook.Selector(
        selector.label(), selector.process(), filters, selector.action(), selector.atReturn());
  }
}
