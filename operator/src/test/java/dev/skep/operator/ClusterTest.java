package dev.skep.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.crds.v1alpha1.TracingNodeState;
import dev.skep.operator.plan.PolicyBook;
import dev.skep.operator.resources.ClusterPolicy;
import dev.skep.policy.Reading;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterTest {
  @TempDir private Path folder;

  @Test
  void aNodeStateThatIsMalformedHereAndThereIsReadAllTheSame() throws IOException {
    try (var client = client()) {
      var state =
          client
              .getKubernetesSerialization()
              .unmarshal(
                  """
                  {"apiVersion": "skep.dev/v1alpha1", "kind": "TracingNodeState",
                   "metadata": {"name": "a", "fromTheFuture": 1},
                   "status": {"nodeName": "a", "kernel": "not an object", "policies": [
                     {"uid": "p", "generation": "many", "state": ["Loaded"], "events": 7,
                      "violations": {"total": "three", "enforced": 2}, "new": {}}],
                    "recentViolations": {"pid": 1}}}\
                  """,
                  TracingNodeState.class);

      var policy = state.getStatus().policies().getFirst();
      assertThat(policy.uid()).isEqualTo("p");
      assertThat(policy.generation()).isNull();
      assertThat(policy.state()).isNull();
      assertThat(policy.events()).isEmpty();
      assertThat(policy.violations()).satisfies(v -> assertThat(v.enforced()).isEqualTo(2));
      assertThat(state.getStatus().kernel()).isNull();
    }
  }

  @Test
  void whatThisVersionDoesNotKnowOfAPolicyReachesTheReaderWhoRefusesIt() throws IOException {
    try (var client = client()) {
      var policy =
          client
              .getKubernetesSerialization()
              .unmarshal(
                  """
                  {"apiVersion": "skep.dev/v1alpha1", "kind": "TracingPolicy",
                   "metadata": {"name": "a", "uid": "u", "generation": 4},
                   "spec": {"kprobes": [{"call": "sys_write", "syscall": true, "quantum": 1}]},
                   "status": {"conditions": 7}}\
                  """,
                  ClusterPolicy.class);

      assertThat(new PolicyBook().read(policy.document()))
          .isInstanceOfSatisfying(
              Reading.Refused.class,
              refused -> assertThat(refused.problems().toString()).contains("quantum"));
    }
  }

  @Test
  void aKubeconfigThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> Cluster.connect(folder.resolve("none")))
        .hasMessageContaining(folder.resolve("none").toString());
  }

  private KubernetesClient client() throws IOException {
    var kubeconfig =
        Files.writeString(
            folder.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u}}]
            clusters: [{name: k, cluster: {server: "http://127.0.0.1:1"}}]
            users: [{name: u, user: {}}]
            """);
    return Cluster.connect(kubeconfig);
  }
}
