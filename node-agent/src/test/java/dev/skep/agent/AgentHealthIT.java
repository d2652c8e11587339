package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.cluster.NeedsKernel;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NeedsKernel
class AgentHealthIT {
  @TempDir private Path dir;

  @Test
  void aKubeletIsToldThatTheAgentIsHealthyAndReady() throws Exception {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    var address = "127.0.0.1:" + port;
    try (var agent = RunningAgent.start(dir, "--health-server-address", address);
        var client = HttpClient.newHttpClient()) {
      agent.awaitLog("health is told at");
      for (var path : new String[] {"/healthz", "/readyz"}) {
        var answer =
            client.send(
                HttpRequest.newBuilder(URI.create("http://" + address + path)).build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("ok\n");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"8081", ":99999", ":port"})
  void whatIsNoAddressIsRefused(String address) {
    try (var agent = RunningAgent.launch(dir, "--health-server-address", address)) {
      assertThat(agent.awaitExit()).isEqualTo(2);
      assertThat(agent.log())
          .contains("--health-server-address", address, "such as :8081 or 127.0.0.1:8081");
    }
  }
}
