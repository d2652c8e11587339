package dev.skep.agent.options;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Values of options that the command line does not have: first the environment ({@code
 * SKEP_RING_SIZE} for {@code --ring-size}), then the folder of {@code --config-dir}, which has one
 * file per option and is what a mounted ConfigMap looks like. An empty value is none. One thread.
 */
public final class OptionSources implements IDefaultValueProvider {
  private static final String CONFIG_DIR = "--config-dir";
  private static final List<String> NOT_SETTABLE = List.of("--help", "--version");

  /** What a mounted ConfigMap keeps beside its files: ..data and folders with a date. */
  private static final String OF_THE_MOUNT = "..";

  private record Given(String value, String source) {}

  private final Map<String, String> environment;

  /** What was answered last, for the message in case it is no good. */
  private @Nullable OptionSpec lastOption;

  private @Nullable String lastSource;

  public OptionSources(Map<String, String> environment) {
    this.environment = environment;
  }

  /** The variable that an option may be given by. */
  public static String variable(String option) {
    return "SKEP_" + bare(option).toUpperCase(Locale.ROOT).replace('-', '_');
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) throws IOException {
    if (!(argument instanceof OptionSpec option) || NOT_SETTABLE.contains(option.longestName())) {
      return null;
    }
    var given = given(option);
    lastOption = given == null ? null : option;
    lastSource = given == null ? null : given.source();
    return given == null ? null : given.value();
  }

  /** Where the value came from that the parser could not use; empty for the command line. */
  Optional<String> sourceOf(@Nullable ArgSpec argument) {
    return argument != null && argument.equals(lastOption)
        ? Optional.ofNullable(lastSource)
        : Optional.empty();
  }

  /**
   * Refuses files of the folder that are no option: a misspelt one would be without effect.
   *
   * @param folder null: there is none
   * @throws ParameterException with the names of the files
   */
  public void requireKnownFiles(@Nullable Path folder, CommandSpec command) {
    if (folder == null) {
      return;
    }
    var unknown = new TreeSet<String>();
    try (var files = Files.newDirectoryStream(folder)) {
      for (var file : files) {
        var name = file.getFileName().toString();
        var option = command.findOption("--" + name);
        if (!name.startsWith(OF_THE_MOUNT)
            && (option == null || CONFIG_DIR.equals(option.longestName()))) {
          unknown.add(file.toString());
        }
      }
    } catch (IOException e) {
      throw new ParameterException(
          command.commandLine(), CONFIG_DIR + " " + folder + " cannot be read: " + e);
    }
    if (!unknown.isEmpty()) {
      throw new ParameterException(
          command.commandLine(),
          String.join(", ", unknown)
              + ": no such option; a file is named as an option without its dashes");
    }
  }

  private @Nullable Given given(OptionSpec option) throws IOException {
    var found = new ArrayList<Given>();
    for (var name : option.names()) {
      var value = environment.get(variable(name));
      if (value != null && !value.isBlank()) {
        found.add(new Given(value.strip(), variable(name)));
      }
    }
    if (found.isEmpty() && !option.longestName().equals(CONFIG_DIR)) {
      addFiles(option, found);
    }
    if (found.size() > 1) {
      throw new ParameterException(
          option.command().commandLine(),
          found.get(0).source()
              + " and "
              + found.get(1).source()
              + " are the same option: remove one of them");
    }
    return found.isEmpty() ? null : found.getFirst();
  }

  private void addFiles(OptionSpec option, List<Given> found) throws IOException {
    var folder = configDir(option.command());
    if (folder == null) {
      return;
    }
    for (var name : option.names()) {
      var file = folder.resolve(bare(name));
      if (Files.isRegularFile(file)) {
        var value = Files.readString(file).strip();
        if (!value.isEmpty()) {
          found.add(new Given(value, file.toString()));
        }
      }
    }
  }

  private @Nullable Path configDir(CommandSpec command) {
    var option = command.findOption(CONFIG_DIR);
    if (option == null) {
      return null;
    }
    if (option.getValue() instanceof Path path) {
      return path;
    }
    var value = environment.get(variable(CONFIG_DIR));
    return value == null || value.isBlank() ? null : Path.of(value.strip());
  }

  private static String bare(String option) {
    return option.replaceFirst("^-+", "");
  }

  /** Makes a command line ask here, and say where a value came from that it cannot use. */
  public static CommandLine install(CommandLine commandLine, Map<String, String> environment) {
    var sources = new OptionSources(environment);
    return commandLine
        .setDefaultValueProvider(sources)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setHelpFactory(OptionHelp::new)
        .setParameterExceptionHandler((refusal, _) -> {
          var command = refusal.getCommandLine();
          var source = sources.sourceOf(refusal.getArgSpec()).map(from -> " (from " + from + ")");
          command.getErr().println(refusal.getMessage() + source.orElse(""));
          command
              .getErr()
              .println(
                  "'" + command.getCommandSpec().qualifiedName() + " --help' tells all options.");
          return command.getCommandSpec().exitCodeOnInvalidInput();
        });
  }
}
