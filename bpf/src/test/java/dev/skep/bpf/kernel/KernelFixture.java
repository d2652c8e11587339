package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.KernelMap;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A folder of bpffs for one test, empty afterwards. */
final class KernelFixture implements AfterEachCallback {
  private static final int RING_BYTES =
      16 << 20; // the whole machine is told of, while agents change
  private static final AtomicInteger COUNT = new AtomicInteger();

  final KernelOptions options =
      new KernelOptions(
          Path.of(
              "/sys/fs/bpf/skep-test-"
                  + ProcessHandle.current().pid()
                  + "-"
                  + COUNT.incrementAndGet()),
          RING_BYTES);

  SkepKernel open() throws BpfException {
    return SkepKernels.open(options);
  }

  Path pin(String name) {
    return options.folder().resolve("maps").resolve(name);
  }

  /** The kernel's id of the program in a slot, 0 if there is none. */
  int programIn(int slot) throws BpfException {
    try (var programs = KernelMap.pinned(pin("hook_programs"))) {
      return programs.getInt(slot);
    }
  }

  /** Takes the hash from the slot's state that says that its plan is loaded completely. */
  void unsayLoaded(int slot) throws BpfException {
    try (var states = KernelMap.pinned(pin("hooks"));
        var arena = Arena.ofConfined()) {
      var state = arena.allocate(Structs.HOOK_STATE);
      states.get(slot, state);
      for (var hash : List.of("plan_hash", "program_hash")) {
        state.asSlice(Structs.offset(Structs.HOOK_STATE, hash), Structs.HASH_BYTES).fill((byte) 0);
      }
      states.put(slot, state);
    }
  }

  /** Of a thread, as an earlier handing over leaves it that some generation took part in. */
  void leaveNote(long thread) throws BpfException {
    try (var notes = KernelMap.pinned(pin("handled"))) {
      notes.put((int) thread, Integer.MAX_VALUE);
    }
  }

  /** A policy of one hook has a cover's counts in its base, and the cover still has them. */
  void foldHalf(String uid, int cover, ProcessTotals counted) throws BpfException {
    try (var states = KernelMap.pinned(pin("hooks"));
        var arena = Arena.ofConfined()) {
      var value = arena.allocate(Structs.HOOK_STATE);
      for (int slot = 0; slot < Structs.HOOKS_MAX; slot++) {
        states.get(slot, value);
        if (HookState.isTaken(value) && HookState.read(value).policy().equals(uid)) {
          var state = HookState.read(value);
          state.with(state.base().plus(counted), cover + 1).write(value);
          states.put(slot, value);
        }
      }
    }
  }

  /** The node's counters as any program with access to the pins sees them. Closed by nobody. */
  Counters counters() throws BpfException {
    return new Counters(
        KernelMap.pinned(pin("hook_counters")),
        KernelMap.pinned(pin("cgroup_counters")),
        KernelMap.pinned(pin("drops")));
  }

  /** The kernel's id of the small texts of a value set, 0 if there are none. */
  int setWithId(int id) throws BpfException {
    try (var sets = KernelMap.pinned(pin("text_sets_small"))) {
      return sets.getInt(id);
    }
  }

  /**
   * An empty set of small texts under the id, as an agent leaves one that dies while it applies.
   */
  void leaveSmallTexts(int id) throws BpfException {
    var small = SetKeys.Shelf.SMALL;
    try (var sets = KernelMap.pinned(pin(small.map));
        var inner =
            KernelMap.create(
                small.inner, "left", small.keyBytes, Byte.BYTES, 1, KernelMap.NO_PREALLOC)) {
      sets.put(id, inner.fd());
    }
  }

  /**
   * All that the kernel holds for the folder, as bpftool numbers it: {@code prog id 7}, {@code map
   * id 8}.
   */
  List<String> objects() throws Exception {
    var objects = new ArrayList<String>();
    var shown =
        Shell.run(
            "find %s -type f -exec bpftool -j map show pinned {} ';' 2>/dev/null"
                    .formatted(options.folder().resolve("maps"))
                + "; find %s -type f -exec bpftool -j link show pinned {} ';' 2>/dev/null"
                    .formatted(options.folder().resolve("links")));
    var maps = Pattern.compile("\"id\":(\\d+),\"type\":\"[a-z_]+\",\"name\"");
    maps.matcher(shown.output()).results().forEach(map -> objects.add("map id " + map.group(1)));
    var programs = Pattern.compile("\"prog_id\":(\\d+)");
    programs
        .matcher(shown.output())
        .results()
        .forEach(program -> objects.add("prog id " + program.group(1)));
    for (int slot = 0; programIn(slot) != 0; slot++) {
      objects.add("prog id " + programIn(slot));
    }
    return objects;
  }

  @Override
  public void afterEach(ExtensionContext context) throws BpfException {
    SkepKernels.cleanup(options.folder());
  }
}
