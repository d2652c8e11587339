package dev.skep.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * etcd, kube-apiserver and the controllers, real ones, on free ports of 127.0.0.1. Ready 4 to 6
 * seconds after the start; the first start on a machine builds the programs, which takes minutes.
 * It ends with {@link #close()} or, whatever happens, with this JVM. Any thread.
 *
 * <p>Needs the system property {@code skep.root}, the folder of the project, which the build sets
 * for tests.
 */
public final class ControlPlane implements AutoCloseable {
  private static final Duration BUILD_AND_START = Duration.ofMinutes(25);
  private static final Duration KUBECTL = Duration.ofMinutes(2);

  private final Path root;
  private final Path folder;
  private final Path kubectl;

  private ControlPlane(Path root, Path folder, Path kubectl) {
    this.root = root;
    this.folder = folder;
    this.kubectl = kubectl;
  }

  /**
   * The one that all tests of this JVM share: started by the first who asks, closed by nobody. Give
   * each test a namespace or names of its own.
   */
  public static ControlPlane shared() {
    return Shared.INSTANCE;
  }

  private static final class Shared {
    static final ControlPlane INSTANCE = start();
  }

  /**
   * A new one, for a test that stops its API server or counts all of its requests.
   *
   * @throws IllegalStateException if it did not come up, with the log of the part that failed
   */
  public static ControlPlane start() {
    var property = System.getProperty("skep.root");
    if (property == null) {
      throw new IllegalStateException("set the system property skep.root to the project's folder");
    }
    var root = Path.of(property);
    try {
      var folder = Files.createTempDirectory("skep-cluster");
      var programs =
          new Command(List.of(script(root, "build-control-plane")), Map.of(), BUILD_AND_START)
              .outputOf("")
              .strip();
      var started = new ControlPlane(root, folder, Path.of(programs, "kubectl"));
      started.cluster("up", "etcd", "apiserver", "controllers");
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a folder for the control plane", e);
    }
  }

  /** The cluster admin's kubeconfig. */
  public Path kubeconfig() {
    return folder.resolve("admin.kubeconfig");
  }

  /** Logs and state. Gone when this JVM has ended. */
  public Path folder() {
    return folder;
  }

  /**
   * Runs kubectl as cluster admin; its standard output.
   *
   * @throws IllegalStateException if it fails, with what it said
   */
  public String kubectl(String... arguments) {
    return kubectlAs(kubeconfig(), arguments).outputOf("");
  }

  /** Runs kubectl as the owner of {@code kubeconfig}, who may well be refused. */
  public Output tryKubectl(Path kubeconfig, String... arguments) {
    return kubectlAs(kubeconfig, arguments).run("");
  }

  /** Applies manifests as cluster admin, server-side; what kubectl says. */
  public String apply(String yaml) {
    return kubectlAs(kubeconfig(), "apply", "--server-side", "--force-conflicts", "-f", "-")
        .outputOf(yaml);
  }

  /** Applies {@code yaml} as the owner of {@code kubeconfig}, who may well be refused. */
  public Output tryApply(Path kubeconfig, String yaml, String... more) {
    var words = Stream.concat(Stream.of("apply", "--server-side", "-f", "-"), Stream.of(more));
    return kubectlAs(kubeconfig, words.toArray(String[]::new)).run(yaml);
  }

  /** Creates what is in {@code yaml} as the owner of {@code kubeconfig}, who may be refused. */
  public Output tryCreate(Path kubeconfig, String yaml) {
    return kubectlAs(kubeconfig, "create", "-f", "-").run(yaml);
  }

  /**
   * Installs Skep's CRDs, roles and admission policies as {@code kubectl apply -k config/roles}
   * does.
   */
  public void install() {
    kubectl(
        "apply",
        "--server-side",
        "--force-conflicts",
        "-k",
        root.resolve("config/roles").toString());
    kubectl(
        "wait",
        "--for=condition=Established",
        "crd",
        "-l",
        "app.kubernetes.io/part-of=skep",
        "--timeout=30s");
  }

  /**
   * A kubeconfig with a token of this service account and no other right. The account must exist.
   */
  public Path kubeconfigOf(String namespace, String serviceAccount) {
    return tokenKubeconfig(
        serviceAccount,
        kubectl("-n", namespace, "create", "token", serviceAccount, "--duration=24h"));
  }

  /**
   * As a pod of this service account on this node has it: its token carries the node's name. Makes
   * the Node and a Pod object where they are missing (there is no kubelet, so nothing runs).
   */
  public Path kubeconfigOf(String namespace, String serviceAccount, String node) {
    var pod = serviceAccount + "-" + node;
    apply(
        """
        apiVersion: v1
        kind: Node
        metadata: {name: "%1$s"}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: "%2$s", namespace: "%3$s"}
        spec:
          nodeName: "%1$s"
          serviceAccountName: "%4$s"
          tolerations: [{operator: Exists}]
          containers: [{name: agent, image: none}]
        """
            .formatted(node, pod, namespace, serviceAccount));
    return tokenKubeconfig(
        pod,
        kubectl(
            "-n",
            namespace,
            "create",
            "token",
            serviceAccount,
            "--duration=24h",
            "--bound-object-kind=Pod",
            "--bound-object-name=" + pod));
  }

  private Path tokenKubeconfig(String name, String token) {
    var file = folder.resolve(name + ".token.kubeconfig");
    cluster("token-kubeconfig", file.toString(), token.strip());
    return file;
  }

  /** Ends the API server as an outage does; etcd and the controllers stay. */
  public void stopApiServer() {
    cluster("down", "apiserver");
  }

  /**
   * Starts the API server again on the same port, with all that it knew; returns when it is ready.
   */
  public void startApiServer() {
    cluster("up", "etcd", "apiserver", "controllers");
  }

  /** Ends all of it, data too. */
  @Override
  public void close() {
    cluster("down");
  }

  private void cluster(String... arguments) {
    var words = Stream.concat(Stream.of(script(root, "cluster")), Stream.of(arguments)).toList();
    var environment =
        Map.of(
            "CLUSTER_DIR",
            folder.toString(),
            "CLUSTER_OWNER",
            Long.toString(ProcessHandle.current().pid()));
    new Command(words, environment, BUILD_AND_START).outputOf("");
  }

  private Command kubectlAs(Path kubeconfig, String... arguments) {
    var words =
        Stream.concat(
            Stream.of(kubectl.toString(), "--kubeconfig", kubeconfig.toString()),
            Stream.of(arguments));
    return new Command(words.toList(), Map.of(), KUBECTL);
  }

  private static String script(Path root, String name) {
    return root.resolve("e2e/cluster").resolve(name).toString();
  }
}
