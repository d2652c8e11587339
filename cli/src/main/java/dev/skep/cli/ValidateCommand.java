package dev.skep.cli;

import dev.skep.policy.PolicyReader;
import dev.skep.policy.Reading;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "validate",
    description = {
      "Checks policies without a cluster.",
      "Prints a line for each problem: FILE: field: what is wrong, what would be right.",
      "What is right, but beyond this version, is told as \"not supported yet\".",
      "Where a policy does less than it seems to, a warning is printed to standard error;",
      "it does not change the exit status.",
      "FILE#2 is the second policy of a file."
    },
    exitCodeListHeading = "Exit status:%n",
    exitCodeList = {
      "0:every policy can be carried out",
      "1:at least one is wrong",
      "2:a file cannot be read, or the call is wrong",
      "3:none is wrong, but at least one is not supported yet"
    },
    mixinStandardHelpOptions = true)
final class ValidateCommand implements Callable<Integer> {
  /** The worst of all files counts. */
  private enum Outcome {
    VALID(0),
    NOT_SUPPORTED(3),
    WRONG(1),
    UNREADABLE(2);

    private final int status;

    Outcome(int status) {
      this.status = status;
    }
  }

  /** More than any policy that a cluster stores; a device file has no end. */
  private static final int BYTES = 8 << 20;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "YAML or JSON; - is the input")
  private List<String> files = List.of();

  @Override
  public Integer call() {
    return files.stream()
        .map(this::validate)
        .max(Comparator.naturalOrder())
        .orElse(Outcome.VALID)
        .status;
  }

  private Outcome validate(String file) {
    try {
      return report(file, PolicyReader.readText(read(file)));
    } catch (NoSuchFileException e) {
      return unreadable(file, "there is no such file");
    } catch (CharacterCodingException e) {
      return unreadable(file, "is not text in UTF-8");
    } catch (IOException e) {
      return unreadable(file, "cannot be read: " + e.getMessage());
    }
  }

  private static String read(String file) throws IOException {
    byte[] bytes;
    if (file.equals("-")) {
      bytes = readAll(System.in);
    } else {
      try (var in = Files.newInputStream(Path.of(file))) {
        bytes = readAll(in);
      }
    }
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }

  private static byte[] readAll(InputStream in) throws IOException {
    var bytes = in.readNBytes(BYTES + 1);
    if (bytes.length > BYTES) {
      throw new IOException("it has more than " + BYTES + " bytes");
    }
    return bytes;
  }

  private Outcome unreadable(String file, String reason) {
    spec.commandLine().getErr().println(file + ": " + reason);
    return Outcome.UNREADABLE;
  }

  private Outcome report(String file, List<Reading> readings) {
    var worst = Outcome.VALID;
    for (int i = 0; i < readings.size(); i++) {
      var name = readings.size() == 1 ? file : file + "#" + (i + 1);
      var outcome = report(name, readings.get(i));
      worst = outcome.compareTo(worst) > 0 ? outcome : worst;
    }
    return worst;
  }

  private Outcome report(String name, Reading reading) {
    var out = spec.commandLine().getOut();
    var err = spec.commandLine().getErr();
    return switch (reading) {
      case Reading.Accepted(_, var warnings) -> {
        warnings.forEach(warning -> err.println(name + ": warning: " + warning));
        yield Outcome.VALID;
      }
      case Reading.Refused(var problems) -> {
        problems.forEach(problem -> out.println(name + ": " + problem));
        yield problems.stream().allMatch(problem -> problem.kind() == Reading.Kind.UNSUPPORTED)
            ? Outcome.NOT_SUPPORTED
            : Outcome.WRONG;
      }
    };
  }
}
