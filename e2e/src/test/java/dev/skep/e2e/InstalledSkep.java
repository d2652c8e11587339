package dev.skep.e2e;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.cluster.Command;
import dev.skep.cluster.Output;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The cluster of {@code KUBECONFIG}, whosever it is, with Skep installed as its users install it.
 */
final class InstalledSkep {
  static final String NAMESPACE = "skep-system";

  /** How a shell's exit code tells that SIGKILL ended it. */
  static final int KILLED = 128 + 9;

  /** Of a cluster on a busy machine. */
  static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final Duration LOOK = Duration.ofMillis(200);

  /** Has a shell and nothing else. e2e/kind/e2e makes it of busybox. */
  static final String IMAGE = "localhost/skep-test:1";

  /** The scheduler chooses. */
  private static final String ANY_NODE = "";

  private static final ObjectMapper JSON = new ObjectMapper();

  private InstalledSkep() {}

  static Output tryKubectl(String... arguments) {
    return kubectl(List.of(arguments)).run("");
  }

  static String kubectl(String... arguments) {
    var output = tryKubectl(arguments);
    if (output.exitCode() != 0) {
      throw new IllegalStateException("kubectl " + List.of(arguments) + ": " + output.err());
    }
    return output.out();
  }

  private static Command kubectl(List<String> arguments) {
    return new Command(
        Stream.concat(Stream.of("kubectl"), arguments.stream()).toList(), Map.of(), PATIENCE);
  }

  static void apply(String yaml) {
    var output = tryApply(yaml);
    if (output.exitCode() != 0) {
      throw new IllegalStateException(output.err() + "\n" + yaml);
    }
  }

  static Output tryApply(String yaml, String... options) {
    var words = Stream.concat(Stream.of("apply", "--server-side", "-f", "-"), Stream.of(options));
    return kubectl(words.toList()).run(yaml);
  }

  /** What {@code kubectl get} says; nothing where there is no such object. */
  static JsonNode get(String... what) {
    var words = Stream.concat(Stream.of("get", "-o", "json"), Stream.of(what)).toList();
    var output = kubectl(words).run("");
    try {
      return output.exitCode() == 0 ? JSON.readTree(output.out()) : JSON.missingNode();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(output.out(), e);
    }
  }

  static <T> T awaitThat(Callable<T> what, Predicate<T> holds) {
    return await().atMost(PATIENCE).pollInterval(LOOK).until(what, holds);
  }

  /** A namespace of its own, which is there from now on. */
  static void namespace(String name) {
    apply("{apiVersion: v1, kind: Namespace, metadata: {name: " + name + "}}");
    awaitThat(
        () -> get("serviceaccount", "default", "-n", name), account -> !account.isMissingNode());
  }

  /** A pod that runs a script with /bin/sh, once. Does not wait. */
  static void pod(String namespace, String name, String labels, String script) {
    pod(ANY_NODE, namespace, name, labels, "Never", script);
  }

  private static void pod(
      String node, String namespace, String name, String labels, String restart, String script) {
    apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: %s, namespace: %s, labels: {%s}}
        spec:
          nodeName: "%s"
          terminationGracePeriodSeconds: 0
          restartPolicy: %s
          containers:
          - name: main
            image: %s
            imagePullPolicy: Never
            command: [/bin/sh, -c, %s]
            volumeMounts: [{name: data, mountPath: /data}]
          volumes: [{name: data, emptyDir: {}}]
        """
            .formatted(name, namespace, labels, node, restart, IMAGE, JSON.valueToTree(script)));
  }

  /**
   * One that waits for {@code kubectl exec}, and is there again after its node was away. A policy
   * may protect its file before it is there.
   */
  static void idlePod(String node, String namespace, String name, String labels) {
    pod(
        node,
        namespace,
        name,
        labels,
        "Always",
        "[ -e /data/protected ] || { echo original >/data/made; mv /data/made /data/protected; };"
            + " exec sleep 100000");
    awaitPod(namespace, name);
  }

  static void idlePod(String namespace, String name, String labels) {
    idlePod(ANY_NODE, namespace, name, labels);
  }

  static void awaitPod(String namespace, String name) {
    kubectl("wait", "pod", name, "-n", namespace, "--for=condition=Ready", "--timeout=120s");
  }

  /** The exit code of a script that runs in a pod. */
  static int exec(String namespace, String pod, String script) {
    return tryKubectl("exec", "-n", namespace, pod, "--", "/bin/sh", "-c", script).exitCode();
  }

  /** One that must succeed. */
  static void execute(String namespace, String pod, String script) {
    kubectl("exec", "-n", namespace, pod, "--", "/bin/sh", "-c", script);
  }

  static String read(String namespace, String pod, String file) {
    return kubectl("exec", "-n", namespace, pod, "--", "/bin/sh", "-c", "cat " + file);
  }

  static JsonNode awaitReady(String kind, String name, String... where) {
    var words = Stream.concat(Stream.of(kind, name), Stream.of(where)).toArray(String[]::new);
    return awaitThat(
        () -> get(words),
        policy ->
            policy.at("/status/observedGeneration").equals(policy.at("/metadata/generation"))
                && Statuses.condition(policy, "Ready").equals("True"));
  }

  static String nodeOf(String namespace, String pod) {
    return get("pod", pod, "-n", namespace).at("/spec/nodeName").asText();
  }

  static boolean any(JsonNode items, Predicate<JsonNode> which) {
    return StreamSupport.stream(items.spliterator(), false).anyMatch(which);
  }

  /** Every agent runs, and knows what is wanted of it. */
  static void awaitAgents() {
    kubectl("rollout", "status", "daemonset/skep-agent", "-n", NAMESPACE, "--timeout=180s");
  }

  static void awaitOperators() {
    kubectl("rollout", "status", "deployment/skep-operator", "-n", NAMESPACE, "--timeout=180s");
  }

  /** The pod of the agent of a node. */
  static String agentOn(String node) {
    return get(
            "pods",
            "-n",
            NAMESPACE,
            "-l",
            "app.kubernetes.io/name=skep-agent",
            "--field-selector=spec.nodeName=" + node)
        .at("/items/0/metadata/name")
        .asText();
  }
}
