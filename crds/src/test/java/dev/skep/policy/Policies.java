package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Reading.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/** Policies to try things on, and their readings. */
final class Policies {
  private Policies() {}

  /** Every field of the language. */
  static String wholeLanguage() {
    return resource("whole-language.yaml");
  }

  /** One text each. */
  static List<String> languageSamples() {
    return List.of(resource("language-samples.yaml").split("\n---\n", -1));
  }

  /** Those of the language and those that users are given. */
  static List<String> samples() {
    var samples = new ArrayList<>(languageSamples());
    var folder = Path.of(System.getProperty("basedir", "."), "../config/samples");
    try (var files = Files.newDirectoryStream(folder, "*.yaml")) {
      for (var file : files) {
        samples.add(Files.readString(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    samples.sort(Comparator.naturalOrder()); // so that a seed means the same everywhere
    return samples;
  }

  private static String resource(String name) {
    try (var in = Policies.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of what can be carried out. */
  static String supported() {
    return """
    apiVersion: skep.dev/v1alpha1
    kind: TracingPolicy
    metadata: {name: protect, uid: 6b2f0c1e-0000-4000-8000-000000000001, generation: 7}
    spec:
      mode: monitor
      nodeSelector:
        matchLabels: {pool: edge}
        matchExpressions: [{key: spot, operator: DoesNotExist}]
      kprobes:
      - call: __x64_sys_write
        return: true
        message: a write to the ledger
        tags: [files, ledger]
        args:
        - {index: 0, type: fd, label: file}
        - {index: 3, type: nop}
        - {index: 1, type: char_buf, sizeArgIndex: 3}
        - {index: 2, type: size_t}
        returnArg: {index: 0, type: long}
        selectors:
        - label: guard
          matchPIDs:
          - {operator: NotIn, followForks: true, isNamespacePID: true, values: [0, 1]}
          matchBinaries:
          - {operator: NotIn, values: [/usr/bin/ledger]}
          matchArgs:
          - {index: 0, operator: NotPrefix, values: [/tmp/, /var/tmp/]}
          - {index: 2, operator: GT, values: ["0x10"]}
          matchActions: [{action: Sigkill}, {action: NoPost}]
        - {}
    """;
  }

  /** A policy of this spec, written in YAML. */
  static String ofSpec(String spec) {
    return "apiVersion: skep.dev/v1alpha1\nkind: TracingPolicy\nmetadata: {name: tried}\nspec:\n"
        + spec.indent(2);
  }

  /** A policy of one kprobe on sys_write, with these further fields. */
  static String ofKprobe(String fields) {
    return ofSpec("kprobes:\n- call: sys_write\n" + fields.indent(2));
  }

  static Policy accepted(String text) {
    var readings = PolicyReader.readText(text);
    assertThat(readings).singleElement().isInstanceOf(Reading.Accepted.class);
    return ((Reading.Accepted) readings.getFirst()).policy();
  }

  static Hook acceptedHook(String text) {
    return accepted(text).hooks().getFirst();
  }

  static List<Problem> refused(String text) {
    var readings = PolicyReader.readText(text);
    assertThat(readings).singleElement().isInstanceOf(Reading.Refused.class);
    return ((Reading.Refused) readings.getFirst()).problems();
  }
}
