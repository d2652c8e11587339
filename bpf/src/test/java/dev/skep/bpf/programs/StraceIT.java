package dev.skep.bpf.programs;

import static dev.skep.bpf.programs.Witness.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.cluster.NeedsKernel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs as people run them: what strace sees of their processes is what is told. */
@NeedsKernel
class StraceIT {
  private static final Pattern CALL =
      Pattern.compile("(\\d+) +execve\\(\"[^\"]*\", (\\[.*]), \\S+ /\\* \\d+ vars? \\*/(.*)");
  private static final Pattern REST = Pattern.compile("(\\d+) +<\\.\\.\\. execve resumed>.*(= .*)");
  private static final Pattern END = Pattern.compile("(\\d+) +\\+\\+\\+ (.*) \\+\\+\\+");

  @AutoClose private TestNode node;

  @BeforeEach
  void load() throws Exception {
    node = new TestNode();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ls / | sort -r | head -n 2; (exit 3); /bin/false; no-such-command; exec sh -c 'true; exec env -i /bin/true'",
        "find / -maxdepth 1 -exec basename {} ';'",
        "seq 12 | xargs -P 4 -n 2 echo; sh -c 'kill -9 $$'; sleep 60 & kill $!; wait $!"
      })
  void execsAndExitsAreThoseOfStrace(String script, @TempDir Path folder) throws Exception {
    var file = folder.resolve("trace");
    var command = List.of("strace", "-f", "-s", "4096", "-e", "trace=execve", "-o");
    new ProcessBuilder(
            Stream.concat(command.stream(), Stream.of(file.toString(), "bash", "-c", script))
                .toList())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
    var traced = Files.readAllLines(file);
    int first = Integer.parseInt(traced.getFirst().split(" ", 2)[0]);

    assertThat(told(first, node.records())).isEqualTo(seen(traced));
  }

  /** By process: its execs that succeeded and how it ended. */
  private static Map<Integer, List<String>> seen(List<String> lines) {
    var seen = new TreeMap<Integer, List<String>>();
    var begun = new HashMap<Integer, String>();
    for (var line : lines) {
      var call = CALL.matcher(line);
      var rest = REST.matcher(line);
      var end = END.matcher(line);
      if (call.matches()) {
        int pid = Integer.parseInt(call.group(1));
        begun.put(pid, call.group(2));
        if (call.group(3).endsWith("= 0")) {
          add(seen, pid, "exec " + call.group(2));
        }
      } else if (rest.matches() && rest.group(2).equals("= 0")) {
        int pid = Integer.parseInt(rest.group(1));
        add(seen, pid, "exec " + begun.get(pid));
      } else if (end.matches()) {
        add(seen, Integer.parseInt(end.group(1)), end.group(2).replace(" (core dumped)", ""));
      }
    }
    return seen;
  }

  /** The same of the first process and all that descend from it, as the kernel told it. */
  private static Map<Integer, List<String>> told(int first, List<KernelRecord> records) {
    var told = new TreeMap<Integer, List<String>>();
    var family = new LinkedHashSet<ProcessKey>();
    for (var record : records) {
      var process = record.header().process();
      if (record instanceof Fork fork
          && (process.pid() == first || family.contains(fork.parent()))) {
        family.add(process);
      } else if (family.contains(process) && record instanceof Exec exec) {
        add(told, process.pid(), "exec " + quoted(text(exec.arguments())));
      } else if (family.contains(process) && record instanceof Exit exit) {
        int signal = exit.code() & 0x7f;
        add(
            told,
            process.pid(),
            switch (signal) {
              case 0 -> "exited with " + (exit.code() >> 8);
              case 9 -> "killed by SIGKILL";
              case 15 -> "killed by SIGTERM";
              default -> "killed by " + signal;
            });
      }
    }
    return told;
  }

  private static void add(Map<Integer, List<String>> lives, int pid, String line) {
    lives.computeIfAbsent(pid, _ -> new ArrayList<>()).add(line);
  }

  /** As strace writes them. */
  private static String quoted(String arguments) {
    return Arrays.stream(arguments.split("\0"))
        .map(argument -> '"' + argument + '"')
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
