package dev.skep.agent.options;

import java.util.Arrays;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;

/** Help that names each option's environment variable below what it says of the option. */
final class OptionHelp extends Help {
  OptionHelp(CommandSpec command, ColorScheme colours) {
    super(command, colours);
  }

  @Override
  public IOptionRenderer createDefaultOptionRenderer() {
    var usual = super.createDefaultOptionRenderer();
    return (option, labels, colours) -> {
      var rows = usual.render(option, labels, colours);
      if (option.usageHelp() || option.versionHelp()) {
        return rows;
      }
      var more = Arrays.copyOf(rows, rows.length + 1);
      var last = rows[0].clone();
      Arrays.fill(last, colours.text(""));
      last[last.length - 1] = colours.text(OptionSources.variable(option.longestName()));
      more[rows.length] = last;
      return more;
    };
  }
}
