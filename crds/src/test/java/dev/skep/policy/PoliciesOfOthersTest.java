package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Reading.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** A folder of policies that others wrote, such as Tetragon's examples: they are none of ours. */
@Tag("policies-of-others")
@EnabledIfSystemProperty(
    named = "policies.folder",
    matches = ".+",
    disabledReason = "no -Dpolicies.folder with other people's policies was given")
class PoliciesOfOthersTest {
  private static final int MUTATIONS = 200;

  @Test
  void eachIsAnswered() throws IOException {
    for (var file : files()) {
      for (var reading : PolicyReader.readText(Files.readString(file))) {
        HostileInputTest.check(reading);
        System.out.println(file.getFileName() + ": " + answer(reading));
      }
    }
  }

  private static String answer(Reading reading) {
    return switch (reading) {
      case Reading.Accepted _ -> "can be carried out";
      case Reading.Refused(var problems)
          when problems.stream().allMatch(p -> p.kind() == Kind.UNSUPPORTED) ->
          "right, but " + problems;
      case Reading.Refused(var problems) -> "wrong: " + problems;
    };
  }

  @Test
  void eachIsAnsweredHoweverItIsMutated() throws Exception {
    var random = new Random(5);
    for (var file : files()) {
      var text = Files.readString(file);
      for (var document : DocumentParser.parse(text)) {
        for (int i = 0; i < MUTATIONS; i++) {
          var tree = document.deepCopy();
          HostileInputTest.mutate(tree, random);
          HostileInputTest.mutate(tree, random);
          HostileInputTest.check(PolicyReader.read(tree));
          HostileInputTest.check(PolicyReader.readTree(tree));
        }
      }
      for (int i = 0; i < MUTATIONS; i++) {
        var mutated = new StringBuilder(text);
        HostileInputTest.mutate(mutated, random);
        PolicyReader.readText(mutated.toString()).forEach(HostileInputTest::check);
      }
    }
  }

  static List<Path> files() throws IOException {
    try (var files = Files.list(Path.of(System.getProperty("policies.folder")))) {
      var found = files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
      assertThat(found).isNotEmpty();
      return found;
    }
  }
}
