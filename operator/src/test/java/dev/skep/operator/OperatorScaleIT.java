package dev.skep.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.cluster.ControlPlane;
import dev.skep.cluster.NeedsControlPlane;
import dev.skep.nodeconfig.NodeConfig;
import dev.skep.operator.resources.ClusterPolicy;
import io.fabric8.kubernetes.api.model.ConfigMap;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One story on one cluster; each part goes on from where the one before it ended. */
@NeedsControlPlane
@TestMethodOrder(OrderAnnotation.class)
class OperatorScaleIT {
  private static final int NODES = 200;
  private static final int POLICIES = 20;
  private static final int REMOVED = 40;
  private static final Duration QUIET = Duration.ofSeconds(60);
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final List<String> POOLS = List.of("a", "b", "c", "d");

  private static final Logger log = LoggerFactory.getLogger(OperatorScaleIT.class);
  private static final String STATUS_WRITES = "skep_operator_writes_total(?=\\{object=\"status\"})";

  private static ControlPlane plane;
  private static Kube kube;
  private static Path account;
  private static OperatorProcess operator;
  private static Map<String, String> uids = Map.of();

  @BeforeAll
  static void install() {
    plane = ControlPlane.start();
    plane.install();
    kube = new Kube(plane);
    account = plane.kubeconfigOf(Kube.NAMESPACE, "skep-operator");
    operator = OperatorProcess.start(account, "scale-1");
  }

  @AfterAll
  static void stop() {
    operator.close();
    kube.client.close();
    plane.close();
  }

  @Test
  @Order(1)
  void everyNodeGetsExactlyThePoliciesThatSelectItInFewWrites() {
    IntStream.range(0, NODES).forEach(n -> kube.makeNode(node(n), Map.of("pool", pool(n))));
    await().atMost(SOON).until(() -> configMaps().size() == NODES);

    // Half of the policies are for one pool each, the other half for all nodes.
    plane.apply(
        IntStream.range(0, POLICIES)
            .mapToObj(OperatorScaleIT::policy)
            .collect(Collectors.joining("---\n")));

    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var maps = configMaps();
          for (int n = 0; n < NODES; n++) {
            var config = NodeConfig.decode(Objects.requireNonNull(maps.get(node(n))).getData());
            assertThat(config.policies())
                .as(node(n))
                .extracting(NodeConfig.Entry::name)
                .containsExactlyInAnyOrderElementsOf(expected(n));
          }
        });
    assertThat(kube.requests("verb=\"POST\"", "resource=\"configmaps\"", "code=\"201\""))
        .isBetween((long) NODES, NODES + 20L); // the cluster makes some of its own
    log.info(
        "{} nodes x {} policies: {} updates of ConfigMaps",
        NODES,
        POLICIES,
        kube.requests("verb=\"PUT\"", "resource=\"configmaps\""));
    // 20 policies applied as one bundle: once or twice a second and node, not once a policy.
    assertThat(kube.requests("verb=\"PUT\"", "resource=\"configmaps\""))
        .isBetween((long) NODES, 5L * NODES);
    uids =
        kube.client.resources(ClusterPolicy.class).list().getItems().stream()
            .collect(
                Collectors.toMap(p -> p.getMetadata().getName(), p -> p.getMetadata().getUid()));
  }

  @Test
  @Order(2)
  void whatAllNodesReportIsAddedUpExactly() {
    for (int n = 0; n < NODES; n++) {
      var agent = new SimulatedAgent(kube, node(n));
      for (int p = 0; p < POLICIES; p++) {
        agent.count(uid(p), writes(n, p), kills(n));
      }
      agent.report();
    }

    await().atMost(SOON).untilAsserted(() -> assertSums(NODES));
    log.info("{} reports: {} writes of status", NODES, operator.count(STATUS_WRITES));
  }

  @Test
  @Order(3)
  void nothingIsWrittenWhileNothingHappens() throws Exception {
    awaitQuiet();
    long before = kube.operatorWrites();
    long runs = reconciliations();

    Thread.sleep(QUIET.toMillis());

    assertThat(kube.operatorWrites() - before).as("writes in " + QUIET).isZero();
    assertThat(reconciliations() - runs).as("runs in " + QUIET).isZero();
  }

  @Test
  @Order(4)
  void aRestartedOperatorWritesNothing() {
    long before = kube.operatorWrites();
    assertThat(operator.terminate()).isEqualTo(143);

    operator = OperatorProcess.start(account, "scale-2");

    await().atMost(SOON).until(() -> reconciliations() >= NODES + POLICIES);
    awaitQuiet();
    assertThat(kube.operatorWrites() - before).isZero();
    assertThat(operator.writes()).isZero();
    assertSums(NODES);
  }

  @Test
  @Order(5)
  void nodesThatGoTakeTheirObjectsAndLeaveTheirTotals() {
    plane.kubectl(
        IntStream.range(NODES - REMOVED, NODES)
            .mapToObj(OperatorScaleIT::node)
            .collect(
                Collectors.collectingAndThen(
                    Collectors.toList(),
                    nodes -> {
                      nodes.addAll(0, List.of("delete", "node", "--wait=false"));
                      return nodes.toArray(String[]::new);
                    })));

    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          assertThat(configMaps()).hasSize(NODES - REMOVED);
          assertThat(plane.kubectl("get", "tns", "-o", "name").lines()).hasSize(NODES - REMOVED);
          assertSums(NODES - REMOVED);
        });

    operator.kill();
    operator = OperatorProcess.start(account, "scale-3");
    await().atMost(SOON).until(() -> reconciliations() >= NODES - REMOVED + POLICIES);
    awaitQuiet();
    assertSums(NODES - REMOVED);
  }

  /** All that ever was counted, by those who are left and those who are gone. */
  private static void assertSums(int nodesLeft) {
    for (int p = 0; p < POLICIES; p++) {
      int policy = p;
      var status = Objects.requireNonNull(kube.status(name(p)), "status of " + name(p));
      long events = selected(policy, NODES).mapToLong(n -> writes(n, policy)).sum();
      long kills = selected(policy, NODES).mapToLong(OperatorScaleIT::kills).sum();
      long left = selected(policy, nodesLeft).count();
      assertThat(Objects.requireNonNull(status.events()).total()).as(name(p)).isEqualTo(events);
      assertThat(Objects.requireNonNull(status.violations()).total()).isEqualTo(kills);
      assertThat(Objects.requireNonNull(status.processEvents()).fork()).isEqualTo(2 * events);
      assertThat(Objects.requireNonNull(status.nodes()).summary()).isEqualTo(left + "/" + left);
    }
  }

  private static void awaitQuiet() {
    await()
        .atMost(SOON)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> {
          long before = reconciliations();
          Thread.sleep(5_000);
          return reconciliations() == before;
        });
  }

  private static long reconciliations() {
    return operator.count("reconciliations_success_total");
  }

  private static Map<String, ConfigMap> configMaps() {
    return kube
        .client
        .configMaps()
        .inNamespace(Kube.NAMESPACE)
        .withLabel("skep.dev/node")
        .list()
        .getItems()
        .stream()
        .collect(
            Collectors.toMap(
                c -> c.getMetadata().getLabels().get("skep.dev/node"), Function.identity()));
  }

  private static String node(int n) {
    return "node-" + n;
  }

  private static String pool(int n) {
    return POOLS.get(n % POOLS.size());
  }

  private static String name(int p) {
    return "policy-" + p;
  }

  private static String uid(int p) {
    return Objects.requireNonNull(uids.get(name(p)));
  }

  private static boolean isForAll(int p) {
    return p % 2 == 0;
  }

  private static String policy(int p) {
    var forOnePool = Policies.watch(name(p), POOLS.get(p % POOLS.size()));
    return isForAll(p)
        ? forOnePool.replaceFirst("nodeSelector: .*", "nodeSelector: {}")
        : forOnePool;
  }

  private static IntStream selected(int p, int nodes) {
    return IntStream.range(0, nodes)
        .filter(n -> isForAll(p) || n % POOLS.size() == p % POOLS.size());
  }

  private static List<String> expected(int n) {
    return IntStream.range(0, POLICIES)
        .filter(p -> selected(p, NODES).anyMatch(selected -> selected == n))
        .mapToObj(OperatorScaleIT::name)
        .toList();
  }

  private static long writes(int n, int p) {
    return 1_000L * n + p;
  }

  private static long kills(int n) {
    return n % 7;
  }
}
