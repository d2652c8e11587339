package dev.skep.agent;

import dev.skep.agent.event.PolicyBook;
import dev.skep.agent.kube.ClusterLink;
import dev.skep.agent.kube.Installation;
import dev.skep.agent.kube.KubernetesCluster;
import dev.skep.agent.plan.PolicyBinder;
import dev.skep.agent.policy.ConfiguredPolicies;
import dev.skep.agent.policy.PolicyEngine;
import dev.skep.agent.policy.WantedPolicy;
import dev.skep.agent.report.Tally;
import dev.skep.agent.report.ViolationLog;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.kernel.SkepKernels;
import dev.skep.events.sink.LineSink;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One agent, from its first kernel program to its last flushed line. Nothing of Kubernetes is
 * touched before the kernel's hooks are in place.
 */
final class AgentRun {
  private static final Logger LOG = LoggerFactory.getLogger(AgentRun.class);

  private static final Duration TEND = Duration.ofSeconds(5);
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration TICKS_MISSED = Duration.ofSeconds(60);
  private static final Duration CLOCK = Duration.ofMinutes(1);
  private static final Duration DRAIN = Duration.ofMillis(500);
  private static final Duration FAREWELL = Duration.ofSeconds(10);

  private final AgentSettings settings;
  private final SkepKernel kernel;
  private final ThisHost host;
  private final BootClock clock = new BootClock();
  private final KernelAnswers answers;
  private final HostAccounts accounts;
  private final ViolationLog violations = new ViolationLog();
  private final LastConfig lastConfig;
  private final RunFile<Tally> tally;
  private final EventStream stream;
  private final Losses losses;
  private final NodePods pods;
  private final PolicyEngine engine;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final ScheduledExecutorService policyThread = thread("skep-policies");
  private final ScheduledExecutorService timer = thread("skep-timer");
  private final Thread ring;
  private volatile @Nullable ClusterLink link;
  private volatile long lastTick = System.nanoTime();
  private volatile boolean deaf;
  private @Nullable HealthServer health;

  private AgentRun(AgentSettings settings, SkepKernel kernel, LineSink sink) {
    this.settings = settings;
    this.kernel = kernel;
    this.answers = new KernelAnswers(kernel);
    var namespaces = answers.hostNamespaces();
    this.host = new ThisHost(settings.node(), namespaces);
    this.accounts = HostAccounts.of(namespaces);
    this.lastConfig = new LastConfig(settings.kernel().folder());
    this.tally = ClusterNode.tally(settings.kernel().folder());
    var book = new PolicyBook();
    var scopes = new PolicyScopes(kernel, policyThread);
    stream =
        EventStream.of(
            settings,
            answers,
            accounts,
            clock,
            book,
            sink,
            scopes,
            violation -> {
              violations.add(violation);
              changed();
            });
    losses = new Losses(kernel::drops, stream::losses);
    pods = new NodePods(kernel, stream, scopes);
    engine =
        new PolicyEngine(
            kernel,
            new PolicyBinder(host, settings.cluster() != null),
            book,
            scopes.coverage(),
            host.functionPrefix(),
            // With a cluster the operator knows the node's labels and has chosen.
            policy -> settings.cluster() != null || policy.nodeSelector().selects(host.labels()),
            this::changed);
    ring = Thread.ofPlatform().name("skep-ring").unstarted(this::readRing);
  }

  /** Runs until SIGTERM; the exit code. */
  static int run(AgentSettings settings) throws IOException {
    var files = PolicyFiles.read(settings.policies());
    if (!files.problems().isEmpty()) {
      files.problems().forEach(System.err::println);
      return 1;
    }
    LineSink sink;
    try {
      sink = settings.export() == null ? LineSink.toStdout() : LineSink.toFile(settings.export());
    } catch (IOException e) {
      LOG.error("{}", e.getMessage());
      return 1;
    }
    SkepKernel kernel;
    try {
      kernel = SkepKernels.open(settings.kernel());
    } catch (BpfException | IllegalArgumentException e) {
      LOG.error("{}", e.getMessage());
      sink.close();
      return 1;
    }
    var agent = new AgentRun(settings, kernel, sink);
    var stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  agent.stop.countDown();
                  if (await(stopped, FAREWELL)) {
                    Runtime.getRuntime().halt(agent.deaf ? 1 : 0);
                  }
                },
                "skep-stop"));
    try {
      agent.begin(files.policies());
      agent.stop.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      agent.end();
      stopped.countDown();
    }
    return agent.deaf ? 1 : 0;
  }

  private void begin(List<WantedPolicy> policies) throws IOException {
    pods.look();
    if (settings.cluster() == null) {
      pods.listed(); // there will be none
    }
    if (settings.details().userNames()) {
      accounts.refresh();
    }
    if (settings.cluster() == null) {
      engine.recall(policies);
      ring.start();
      policyThread.execute(() -> engine.want("", policies));
      policyThread.execute(() -> LOG.info("ready: {} policies", policies.size()));
    } else {
      engine.recall(ConfiguredPolicies.of(lastConfig.load()));
      ring.start();
      var options = settings.cluster();
      var node =
          new ClusterNode(
              host.facts(kernel.processHooks()),
              kernel,
              engine,
              policyThread,
              violations,
              losses,
              lastConfig,
              tally);
      var made = new ClusterLink(() -> new KubernetesCluster(options), node, pods);
      link = made;
      made.start();
      LOG.info("ready: policies come from the cluster as node {}", settings.node());
    }
    var address = settings.healthServer();
    if (address != null) {
      health = new HealthServer(address, this::isHealthy, this::isHealthy);
      LOG.info("health is told at {}", health.address());
    }
    every(policyThread, TEND, engine::tend);
    every(timer, TICK, this::tick);
    every(timer, CLOCK, clock::measure);
  }

  /** No: what reads events, or looks after the rest, is stuck or gone. */
  private boolean isHealthy() {
    return ring.isAlive() && System.nanoTime() - lastTick < TICKS_MISSED.toNanos();
  }

  private void tick() {
    lastTick = System.nanoTime();
    stream.tick(clock.now());
    try {
      kernel.findMissed();
      for (var end : kernel.endThrottles()) {
        LOG.info("cgroup {}: {} forks and execs were not told", end.cgroup(), end.suppressed());
        stream.throttleEnded(end, clock.now());
      }
    } catch (BpfException e) {
      LOG.error("processes and throttled cgroups cannot be looked at: {}", e.getMessage());
    }
    if (settings.details().userNames()) {
      accounts.refresh();
    }
    losses.warn();
  }

  private void changed() {
    var to = link;
    if (to != null) {
      to.changed();
    }
  }

  /**
   * All events are made here, and those for a file are written here: a disk holds up nothing else.
   */
  private void readRing() {
    try {
      kernel.processes().forEach(stream::existing);
    } catch (BpfException e) {
      LOG.error("processes that were there before are not known: {}", e.getMessage());
    }
    try {
      kernel.consume(stream);
    } catch (RuntimeException e) {
      LOG.error("the ring cannot be read any more; the agent ends, policies go on acting", e);
      deaf = true;
      stop.countDown();
    }
  }

  private void end() {
    if (health != null) {
      health.close();
    }
    var cluster = link;
    if (cluster != null) {
      cluster.close();
    }
    timer.shutdown();
    policyThread.shutdown();
    drain();
    try {
      var _ = policyThread.awaitTermination(2, TimeUnit.SECONDS);
      var _ = losses.byCause(); // the last time that the kernel can be asked
      if (staysInKernel()) {
        kernel.close();
      } else {
        kernel.detach();
        lastConfig.delete();
        tally.delete();
      }
      ring.join(DRAIN);
    } catch (BpfException e) {
      LOG.error("not all could be removed from the kernel: {}", e.getMessage());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    stream.close();
    var lost = losses.sinceStart();
    LOG.info(
        "stopped: {} events written; lost or incomplete: {}",
        stream.written(),
        lost.isEmpty() ? "nothing" : lost);
  }

  /** A cluster that Skep was removed from keeps nothing of it. */
  private boolean staysInKernel() {
    var cluster = settings.cluster();
    if (deaf || !settings.keep()) {
      return deaf;
    }
    if (cluster != null && Installation.isRemoved(cluster)) {
      LOG.info("Skep is removed from the cluster: policies end with this agent");
      return false;
    }
    return true;
  }

  /** What happened before the end is told. The ring's reader comes by every 40 ms at least. */
  private void drain() {
    var deadline = System.nanoTime() + DRAIN.toNanos();
    try {
      do {
        Thread.sleep(20);
      } while (!stream.isDrained() && System.nanoTime() < deadline);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void every(ScheduledExecutorService on, Duration pause, Runnable task) {
    var _ =
        on.scheduleWithFixedDelay(
            () -> {
              try {
                task.run();
              } catch (RuntimeException e) {
                LOG.error("a periodic task failed and is tried again", e);
              }
            },
            pause.toMillis(),
            pause.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private static ScheduledExecutorService thread(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().name(name).daemon().factory());
  }

  private static boolean await(CountDownLatch latch, Duration limit) {
    try {
      return latch.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
