package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.KernelMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The node's maps by name: one of each, pinned, in all objects. Created by the first object that
 * declares one, or taken over from an earlier agent.
 */
final class NodeMaps implements AutoCloseable {
  static final String RING = "events";
  static final String PROCESSES = "processes";
  private static final String PARENT_BINARIES = "parent_binaries";

  /** Pinned last, with SKEP_LAYOUT in it: what has no such map, or another value, is not ours. */
  private static final String LAYOUT = "layout";

  private final Folder folder;
  private final NodeView view;
  private final Map<String, Integer> sizes;
  private final Map<String, KernelMap> maps = new HashMap<>();

  NodeMaps(Folder folder, KernelOptions options, NodeView view) throws BpfException {
    this.folder = folder;
    this.view = view;
    var processes = options.processes();
    int spaces = KernelMap.possibleCpus() + Structs.SPACES_SHARED;
    this.sizes =
        Map.of(
            RING,
            options.ringBytes(),
            PROCESSES,
            processes.mapEntries(),
            PARENT_BINARIES,
            processes.parentBinaries() ? processes.mapEntries() : 1,
            "claimed_chains",
            spaces,
            "claimed_texts",
            spaces * Structs.ARGUMENTS_MAX,
            "claimed_networks",
            spaces * Structs.ARGUMENTS_MAX,
            "claimed_records",
            spaces,
            "claimed_keys",
            spaces);
  }

  /**
   * Opens what is pinned if all of it can serve the programs of {@code objects}; else false, and
   * nothing is open.
   */
  boolean takeOver(Iterable<BpfObject> objects) throws BpfException {
    for (var name : folder.mapNames()) {
      maps.put(name, KernelMap.pinned(folder.map(name)));
    }
    if (fits(objects)) {
      return true;
    }
    close();
    return false;
  }

  private boolean fits(Iterable<BpfObject> objects) throws BpfException {
    var layout = maps.get(LAYOUT);
    if (layout == null || layout.getInt(0) != Structs.LAYOUT) {
      return false;
    }
    for (var object : objects) {
      prepare(object);
      for (var declared : object.maps()) {
        var pinned = maps.get(declared.name());
        if (pinned != null && !declared.isServedBy(pinned)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Loads the object with the node's maps; those that are new are pinned for the next object. */
  void load(BpfObject object) throws BpfException {
    load(object, Map.of());
  }

  /**
   * @param names of maps that the node has more than one of: which one the object gets
   */
  void load(BpfObject object, Map<String, String> names) throws BpfException {
    prepare(object);
    for (var declared : object.maps()) {
      var known = maps.get(names.getOrDefault(declared.name(), declared.name()));
      if (known != null) {
        declared.use(known);
      }
    }
    view.write(object);
    object.load();
    for (var created : object.maps()) {
      var name = names.getOrDefault(created.name(), created.name());
      if (!maps.containsKey(name)) {
        var path = folder.map(name);
        created.pin(path);
        maps.put(name, KernelMap.pinned(path));
      }
    }
  }

  private void prepare(BpfObject object) throws BpfException {
    for (var declared : object.maps()) {
      var size = sizes.get(declared.name());
      if (size != null) {
        declared.setMaxEntries(size);
      }
    }
  }

  /** After the first agent of this layout made all maps. */
  void markComplete() throws BpfException {
    if (!maps.containsKey(LAYOUT)) {
      var layout = KernelMap.create(KernelMap.Type.ARRAY, "skep_layout", 4, 4, 1, 0);
      maps.put(LAYOUT, layout);
      layout.put(0, Structs.LAYOUT);
      layout.pin(folder.map(LAYOUT));
    }
  }

  /** Borrowed. */
  Map<String, KernelMap> all() {
    return Map.copyOf(maps);
  }

  /** Borrowed. */
  KernelMap get(String name) throws BpfException {
    var map = maps.get(name);
    if (map == null) {
      throw new BpfException("maps", 0, "no kernel program declares a map " + name);
    }
    return map;
  }

  /** Borrowed; empty of one that no object has been loaded with. */
  Optional<KernelMap> find(String name) {
    return Optional.ofNullable(maps.get(name));
  }

  /** Of one that no object will be loaded with any more, if there is any. */
  void remove(String name) throws BpfException {
    var map = maps.remove(name);
    if (map != null) {
      map.close();
      Folder.remove(folder.map(name));
    }
  }

  @Override
  public void close() {
    maps.values().forEach(KernelMap::close);
    maps.clear();
  }
}
