package dev.skep.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;

@NeedsControlPlane
class ControlPlaneIT {
  private final ControlPlane cluster = ControlPlane.shared();

  @Test
  void anAppliedObjectSurvivesAnOutageOfTheApiServer() {
    try (var own = ControlPlane.start()) {
      own.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: kept, namespace: default}}");

      own.stopApiServer();
      assertThat(own.tryKubectl(own.kubeconfig(), "get", "configmap", "kept").exitCode())
          .isNotZero();
      own.startApiServer();

      assertThat(own.kubectl("get", "configmap", "kept", "-o", "name")).contains("configmap/kept");
    }
  }

  @Test
  void aTokenBoundToAPodCarriesItsNode() throws Exception {
    cluster.kubectl("create", "serviceaccount", "bound");

    var kubeconfig = cluster.kubeconfigOf("default", "bound", "node-a");

    assertThat(cluster.tryKubectl(kubeconfig, "auth", "whoami").out())
        .contains("system:serviceaccount:default:bound")
        .contains("[node-a]");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kubeconfig)))
        .isEqualTo("rw-------");
  }

  @Test
  void anAccountWithoutRolesIsRefused() {
    cluster.kubectl("create", "serviceaccount", "stranger");

    var answer = cluster.tryKubectl(cluster.kubeconfigOf("default", "stranger"), "get", "nodes");

    assertThat(answer.exitCode()).isEqualTo(1);
    assertThat(answer.err())
        .contains("forbidden")
        .contains("system:serviceaccount:default:stranger");
  }
}
