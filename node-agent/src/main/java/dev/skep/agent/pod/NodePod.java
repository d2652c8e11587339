package dev.skep.agent.pod;

import dev.skep.events.Container;
import dev.skep.events.Pod;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A pod of this node, no more of it than is told or asked for.
 *
 * @param cgroupUid what its cgroup is called after: of a static pod the hash of its manifest, else
 *     its uid
 * @param containers init and ephemeral ones too, those before a restart too, by the ids that the
 *     runtime gave them
 */
public record NodePod(
    Pod told, String cgroupUid, Instant created, Map<String, Container> containers) {
  /** So many of one pod are known, the newest. */
  private static final int CONTAINERS = 64;

  public NodePod {
    containers = Collections.unmodifiableMap(new LinkedHashMap<>(containers));
  }

  public String uid() {
    return told.uid();
  }

  /** With the containers that it had: their last events come late. */
  NodePod after(NodePod before) {
    if (containers.keySet().containsAll(before.containers.keySet())) {
      return this;
    }
    var all = new LinkedHashMap<>(before.containers);
    containers.forEach((id, container) -> {
      all.remove(id);
      all.put(id, container);
    });
    while (all.size() > Math.max(CONTAINERS, containers.size())) {
      all.pollFirstEntry();
    }
    return new NodePod(told, cgroupUid, created, all);
  }

  /** Of an image's name: without tag and digest. */
  static String repository(String image) {
    int digest = image.indexOf('@');
    var tagged = digest < 0 ? image : image.substring(0, digest);
    int tag = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
    return tag < 0 ? tagged : tagged.substring(0, tag);
  }
}
