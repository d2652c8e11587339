package dev.skep.operator.plan;

import dev.skep.nodeconfig.NodeConfig;
import dev.skep.policy.PolicyReader;
import dev.skep.policy.Reading;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/** Reads every generation of every policy once. Any thread. */
public final class PolicyBook {
  /** A ConfigMap holds 1 MiB; no single policy may take more than a quarter of it. */
  static final int MAX_DOCUMENT_BYTES = 256 * 1024;

  private static final int REMEMBERED = 4096;

  private final Recent<Edition, Page> pages = new Recent<>(REMEMBERED);

  private record Edition(String uid, long generation) {}

  private record Page(Reading reading, NodeConfig.Entry entry) {}

  /** What is to be said of a policy: accepted, or all that is wrong with it. */
  public Reading read(PolicyDocument document) {
    return page(document).reading();
  }

  /** Those of {@code documents} that can be carried out. */
  public List<AcceptedPolicy> accepted(Stream<PolicyDocument> documents) {
    return documents.map(this::page).flatMap(PolicyBook::acceptedOf).toList();
  }

  private static Stream<AcceptedPolicy> acceptedOf(Page page) {
    return switch (page.reading()) {
      case Reading.Accepted(var policy, _) -> Stream.of(new AcceptedPolicy(policy, page.entry()));
      case Reading.Refused _ -> Stream.empty();
    };
  }

  private Page page(PolicyDocument document) {
    var edition = new Edition(document.uid(), document.generation());
    return pages.get(edition, () -> readPage(document));
  }

  private static Page readPage(PolicyDocument document) {
    var tree = document.tree();
    var text = NodeConfig.canonical(tree);
    var entry =
        new NodeConfig.Entry(
            document.uid(),
            document.kind(),
            document.namespace(),
            document.name(),
            document.generation(),
            text);
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_DOCUMENT_BYTES) {
      var problem =
          new Reading.Problem(
              "spec",
              Reading.Kind.UNSUPPORTED,
              "not supported yet: the policy takes %,d bytes, at most %,d can be sent to a node; split it"
                  .formatted(bytes, MAX_DOCUMENT_BYTES));
      return new Page(new Reading.Refused(List.of(problem)), entry);
    }
    return new Page(PolicyReader.read(tree), entry);
  }
}
