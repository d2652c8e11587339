package dev.skep.e2e;

import static dev.skep.e2e.InstalledSkep.PATIENCE;
import static dev.skep.e2e.InstalledSkep.awaitThat;
import static dev.skep.e2e.InstalledSkep.get;
import static dev.skep.e2e.InstalledSkep.kubectl;
import static dev.skep.e2e.InstalledSkep.tryKubectl;

import dev.skep.cluster.Command;
import dev.skep.cluster.Output;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/**
 * The nodes of a cluster by kind, from outside: containers that can be stopped, and files that can
 * be read while no API server answers.
 */
final class KindNodes {
  private static final String MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml";
  private static final String ASIDE = "/etc/kubernetes/kube-apiserver.yaml";

  private KindNodes() {}

  /** In alphabetical order, without the control plane. */
  static List<String> workers() {
    return names("!node-role.kubernetes.io/control-plane");
  }

  private static List<String> names(String selector) {
    return StreamSupport.stream(get("nodes", "-l", selector).at("/items").spliterator(), false)
        .map(node -> node.at("/metadata/name").asText())
        .sorted()
        .toList();
  }

  static Output trySh(String node, String script) {
    return new Command(List.of("docker", "exec", node, "bash", "-c", script), Map.of(), PATIENCE)
        .run("");
  }

  static String sh(String node, String script) {
    return succeed(List.of("docker", "exec", node, "bash", "-c", script));
  }

  static void stop(String node) {
    succeed(List.of("docker", "stop", "--time", "2", node));
  }

  static void start(String node) {
    succeed(List.of("docker", "start", node));
    whole();
  }

  /** Until all nodes are Ready, with their routes: those of a node that came back are to be set. */
  static void whole() {
    succeed(List.of(System.getProperty("skep.root") + "/e2e/kind/up"));
  }

  /** As a control plane's own administrator would: the kubelet ends what has no manifest. */
  static void stopApiServer() {
    sh(controlPlane(), "mv " + MANIFEST + " " + ASIDE);
    awaitThat(() -> tryKubectl("get", "--raw", "/readyz").exitCode(), code -> code != 0);
  }

  static void startApiServer() {
    sh(controlPlane(), "mv " + ASIDE + " " + MANIFEST);
    awaitThat(() -> tryKubectl("get", "--raw", "/readyz").exitCode(), code -> code == 0);
    whole();
  }

  private static String controlPlane() {
    return System.getenv().getOrDefault("SKEP_KIND", "skep-e2e") + "-control-plane";
  }

  /** The images of agent and operator under one more tag, as an update would bring them. */
  static void nameImagesAlso(String tag) {
    for (var node : names("")) {
      for (var image : List.of("localhost/skep-agent:", "localhost/skep-operator:")) {
        sh(
            node,
            "ctr -n k8s.io images tag --force %s%s %s%s"
                .formatted(image, installedVersion(), image, tag));
      }
    }
  }

  /** The tag of the images that run. */
  static String installedVersion() {
    var image =
        get("daemonset", "skep-agent", "-n", InstalledSkep.NAMESPACE)
            .at("/spec/template/spec/containers/0/image")
            .asText();
    return image.substring(image.lastIndexOf(':') + 1);
  }

  /** Where a pod's volume "data" lies on its node. */
  static String data(String namespace, String pod) {
    var uid = get("pod", pod, "-n", namespace).at("/metadata/uid").asText();
    return "/var/lib/kubelet/pods/" + uid + "/volumes/kubernetes.io~empty-dir/data";
  }

  static void drain(String node) {
    kubectl(
        "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=60s");
  }

  private static String succeed(List<String> words) {
    var output = new Command(words, Map.of(), PATIENCE).run("");
    if (output.exitCode() != 0) {
      throw new IllegalStateException(words + ": " + output.err());
    }
    return output.out();
  }
}
