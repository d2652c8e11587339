package dev.skep.agent.kube;

import dev.skep.agent.report.ReportSchedule;
import dev.skep.crds.v1alpha1.NodeStateStatus;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a node and its API server in step, on a thread of its own: watches the node's pods, takes
 * up the last report, then hands over the ConfigMap and writes reports when they are due and
 * differ. An outage stops nothing of this node; what is new by its end is reported then.
 */
public final class ClusterLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterLink.class);

  private final Supplier<Cluster> connect;
  private final Node node;
  private final Pods pods;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition woken = lock.newCondition();
  private boolean changed;
  private boolean closed;
  private boolean away;

  /** A Node that was deleted and made anew looks like an outage at first. */
  private boolean nodeInDoubt = true;

  /**
   * @param connect makes the client, on the thread of this link
   */
  public ClusterLink(Supplier<Cluster> connect, Node node, Pods pods) {
    this.connect = connect;
    this.node = node;
    this.pods = pods;
    this.thread = Thread.ofPlatform().name("skep-cluster").daemon().unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  /** A policy's state changed, or there was a violation: a report is due soon. Any thread. */
  public void changed() {
    lock.lock();
    try {
      if (!changed) {
        changed = true;
        woken.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try (var cluster = connect.get()) {
      cluster.watchPods(pods);
      var schedule = new ReportSchedule();
      var last = resume(cluster, schedule);
      cluster.watchConfig(node::config);
      while (pauseUntilDue(schedule)) {
        last = report(cluster, schedule, last);
      }
    } catch (InterruptedException _) {
      // Closed: reports end here.
    } catch (RuntimeException e) {
      LOG.error("the link to the API server broke; policies stay as they are", e);
    }
  }

  private @Nullable NodeStateStatus resume(Cluster cluster, ReportSchedule schedule)
      throws InterruptedException {
    while (pauseUntilDue(schedule)) {
      try {
        askForNode(cluster);
        var last = cluster.lastReport().orElse(null);
        if (last != null) {
          node.resume(last);
        }
        reached();
        return last;
      } catch (ClusterException e) {
        missed(e);
        schedule.failed(System.nanoTime());
      }
    }
    throw new InterruptedException();
  }

  private @Nullable NodeStateStatus report(
      Cluster cluster, ReportSchedule schedule, @Nullable NodeStateStatus last) {
    try {
      askForNode(cluster);
      var now = node.report().orElse(last);
      if (now == null || now.equals(last)) {
        schedule.done(System.nanoTime());
        return last;
      }
      cluster.report(now);
      node.reported();
      reached();
      schedule.done(System.nanoTime());
      return now;
    } catch (ClusterException e) {
      missed(e);
      schedule.failed(System.nanoTime());
      return last;
    }
  }

  /** False when closed. */
  private boolean pauseUntilDue(ReportSchedule schedule) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!closed) {
        long now = System.nanoTime();
        if (changed) {
          changed = false;
          schedule.changed(now);
        }
        long wait = schedule.pause(now);
        if (wait <= 0) {
          return true;
        }
        var _ = woken.awaitNanos(wait);
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void askForNode(Cluster cluster) throws ClusterException {
    if (nodeInDoubt) {
      node.joined(cluster.nodeUid());
      nodeInDoubt = false;
    }
  }

  private void missed(ClusterException e) {
    nodeInDoubt = true;
    if (!away) {
      away = true;
      LOG.warn("{}; policies stay as they are, and it is tried again", e.getMessage());
    }
  }

  private void reached() {
    if (away) {
      away = false;
      LOG.info("the API server is back");
    }
  }

  /** Ends the link; waits a little for a report that is being written. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      woken.signal();
    } finally {
      lock.unlock();
    }
    try {
      if (!thread.join(Duration.ofSeconds(2))) {
        thread.interrupt();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
