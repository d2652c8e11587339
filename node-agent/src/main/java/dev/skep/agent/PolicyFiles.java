package dev.skep.agent;

import dev.skep.agent.policy.WantedPolicy;
import dev.skep.policy.PolicyReader;
import dev.skep.policy.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Policies from files, for an agent without a cluster.
 *
 * @param problems lines for people, {@code FILE: path: what is wrong}; empty if all is well
 */
record PolicyFiles(List<WantedPolicy> policies, List<String> problems) {

  PolicyFiles {
    policies = List.copyOf(policies);
    problems = List.copyOf(problems);
  }

  /** Of a folder all {@code *.yaml}, in the order of their names. */
  static PolicyFiles read(List<Path> filesAndFolders) {
    var reader = new Reader();
    for (var path : filesAndFolders) {
      try {
        if (Files.isDirectory(path)) {
          try (var inside = Files.list(path)) {
            for (var file : inside.filter(f -> f.toString().endsWith(".yaml")).sorted().toList()) {
              reader.read(file);
            }
          }
        } else {
          reader.read(path);
        }
      } catch (IOException e) {
        reader.problems.add(path + ": cannot be read: " + e);
      }
    }
    return new PolicyFiles(reader.policies, reader.problems);
  }

  private static final class Reader {
    final List<WantedPolicy> policies = new ArrayList<>();
    final List<String> problems = new ArrayList<>();
    private final Map<String, Path> uids = new HashMap<>();

    void read(Path file) throws IOException {
      var readings = PolicyReader.readText(Files.readString(file));
      if (readings.isEmpty()) {
        problems.add(file + ": there is no policy in it");
      }
      for (var reading : readings) {
        switch (reading) {
          case Reading.Refused(var found) ->
              found.forEach(problem -> problems.add(file + ": " + problem));
          case Reading.Accepted accepted -> add(file, accepted);
        }
      }
    }

    private void add(Path file, Reading.Accepted reading) {
      var policy = reading.policy();
      var other = uids.putIfAbsent(policy.uid(), file);
      if (other == null) {
        policies.add(
            new WantedPolicy(
                policy.uid(), policy.name(), policy.namespace(), policy.generation(), reading));
      } else {
        problems.add(
            file
                + ": metadata.name: "
                + policy.name()
                + " is also in "
                + other
                + "; give one of them another name");
      }
    }
  }
}
