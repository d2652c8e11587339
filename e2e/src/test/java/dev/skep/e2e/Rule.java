package dev.skep.e2e;

import static java.util.stream.Collectors.joining;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A rule of a role in config/roles.
 *
 * @param kind {@code clusterrole} or {@code role}
 * @param role its name, which is also that of the service account that it is for
 * @param index among the role's rules
 */
record Rule(String kind, String role, int index, JsonNode rule) {

  static Stream<Rule> of(String kind, String role) {
    var rules = read(kind, role).get("rules");
    return IntStream.range(0, rules.size())
        .mapToObj(index -> new Rule(kind, role, index, rules.get(index)));
  }

  private static JsonNode read(String kind, String role) {
    return RightsIT.object("-n", RunningSkep.NAMESPACE, "get", kind, role);
  }

  /** As the API server names them where it refuses. */
  Stream<String> rights() {
    return strings("verbs")
        .flatMap(
            verb -> strings("resources").map(resource -> verb + " resource \"" + resource + "\""));
  }

  /** What the API server says to who lacks the rule. */
  Pattern refusal() {
    if (isAbout(List.of("leases"))) {
      return Pattern.compile("No permission to lease resource"); // the client asks beforehand
    }
    return Pattern.compile(rights().map(Pattern::quote).collect(joining("|", "cannot (", ")")));
  }

  boolean isAbout(List<String> resources) {
    return strings("resources").anyMatch(resources::contains);
  }

  private Stream<String> strings(String field) {
    return StreamSupport.stream(rule.get(field).spliterator(), false).map(JsonNode::asText);
  }

  /** {@code then} is run while the role lacks the rule. */
  void withdrawnWhile(Runnable then) {
    var path = "/rules/" + index;
    patch("[{\"op\": \"remove\", \"path\": \"" + path + "\"}]");
    await(this + " withdrawn").until(() -> !isGranted());
    try {
      then.run();
    } finally {
      patch("[{\"op\": \"add\", \"path\": \"" + path + "\", \"value\": " + rule + "}]");
      await(this + " granted").until(this::isGranted);
    }
  }

  /** Roles are taken up a moment after they are written. */
  private boolean isGranted() {
    var words = strings("resources").findFirst().orElseThrow().split("/", 2);
    var resource = words[0] + "." + strings("apiGroups").findFirst().orElseThrow();
    var name = rule.has("resourceNames") ? "/" + strings("resourceNames").findFirst().get() : "";
    var answer =
        RightsIT.skep.cluster.tryKubectl(
            RightsIT.skep.cluster.kubeconfig(),
            "auth",
            "can-i",
            strings("verbs").findFirst().orElseThrow(),
            resource + name,
            "--subresource=" + (words.length == 1 ? "" : words[1]),
            "--namespace=" + RunningSkep.NAMESPACE,
            "--as=system:serviceaccount:" + RunningSkep.NAMESPACE + ":" + role);
    return answer.out().strip().equals("yes");
  }

  private void patch(String operations) {
    RightsIT.skep.cluster.kubectl(
        "-n", RunningSkep.NAMESPACE, "patch", kind, role, "--type=json", "-p", operations);
  }

  @Override
  public String toString() {
    return role + ": " + rule.get("resources") + " " + rule.get("verbs");
  }
}
