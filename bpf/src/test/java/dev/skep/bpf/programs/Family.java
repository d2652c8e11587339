package dev.skep.bpf.programs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.KernelRecord.ProcessKey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A run of {@code src/test/c/family.c}, whose processes live as its words say.
 *
 * @param pid of the first one, which is not told of
 * @param ledger by process, what it and its makers say happened to it: "fork CHILD by PARENT as
 *     ID", "exec PROCESS", "exit PROCESS STATUS"
 * @param refusals errno of what had to fail
 */
record Family(int pid, Map<Integer, List<String>> ledger, List<Integer> refusals) {
  static final Path PROGRAM = Ran.compiled("family", "-pthread", "-static");

  static Family live(Object... words) {
    return live(Path.of("/"), words);
  }

  static Family live(Path folder, Object... words) {
    var ran = Ran.run(folder, PROGRAM, words);
    var ledger = new TreeMap<Integer, List<String>>();
    var refusals = new ArrayList<Integer>();
    assertThat(ran.code()).as("exit code of the first process").isZero();
    for (var line : ran.lines()) {
      int number = Integer.parseInt(line.split(" ", -1)[1]);
      if (line.startsWith("refused")) {
        refusals.add(number);
      } else {
        ledger.computeIfAbsent(number, _ -> new ArrayList<>()).add(line);
      }
    }
    return new Family(ran.pid(), ledger, refusals);
  }

  /**
   * What the kernel told of the family: just what the ledger says, and no record contradicts
   * another.
   */
  void isTold(TestNode node) {
    assertThat(told(node.records())).isEqualTo(ledger);
  }

  List<String> lines() {
    return ledger.values().stream().flatMap(List::stream).toList();
  }

  /** The records of the first one's descendants, in the ledger's words. */
  Map<Integer, List<String>> told(List<KernelRecord> records) {
    var lives = new LinkedHashMap<ProcessKey, Life>();
    for (var record : records) {
      var process = record.header().process();
      switch (record) {
        case Fork fork when fork.parent().pid() == pid || lives.containsKey(fork.parent()) -> {
          assertThat(lives).as("second fork of one process").doesNotContainKey(process);
          lives.put(process, new Life(fork, lives.get(fork.parent())));
        }
        case Exec exec when lives.containsKey(process) -> lives.get(process).on(exec);
        case Exit exit when lives.containsKey(process) -> lives.get(process).on(exit);
        default -> {}
      }
    }
    var told = new TreeMap<Integer, List<String>>();
    lives.forEach(
        (key, life) -> told.computeIfAbsent(key.pid(), _ -> new ArrayList<>()).addAll(life.lines));
    return told;
  }

  /** One process, as its records tell it; none may contradict another. */
  private static final class Life {
    private final List<String> lines = new ArrayList<>();
    private final Fork fork;
    private long began;
    private long time;

    Life(Fork fork, @Nullable Life parent) {
      this.fork = fork;
      began = fork.header().process().start();
      follows(fork);
      if (parent != null) {
        assertThat(fork.parentBegan()).as("parent's program").isEqualTo(parent.began);
      }
      int process = fork.header().process().pid();
      lines.add("fork %d by %d as %d".formatted(process, fork.parent().pid(), fork.namespacePid()));
    }

    void on(Exec exec) {
      began = exec.header().time();
      follows(exec);
      assertThat(exec.parent()).as("parent by fork and by exec").isEqualTo(fork.parent());
      assertThat(exec.parentBegan()).as("its program").isEqualTo(fork.parentBegan());
      assertThat(exec.namespacePid()).isEqualTo(fork.namespacePid());
      assertThat(exec.has(Exec.IN_INIT_TREE)).isEqualTo(fork.inInitTree());
      assertThat(exec.header().tid()).isEqualTo(exec.header().process().pid());
      lines.add("exec " + exec.header().process().pid());
    }

    void on(Exit exit) {
      follows(exit);
      assertThat(exit.header().tid()).isEqualTo(exit.header().process().pid());
      lines.add("exit %d %d".formatted(exit.header().process().pid(), exit.code()));
    }

    private void follows(KernelRecord record) {
      assertThat(record.header().time()).as("time of %s", record).isGreaterThanOrEqualTo(time);
      assertThat(record.header().began()).as("program of %s", record).isEqualTo(began);
      time = record.header().time();
    }
  }
}
