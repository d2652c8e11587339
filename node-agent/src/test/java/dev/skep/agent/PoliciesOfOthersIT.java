package dev.skep.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.agent.plan.Binding;
import dev.skep.agent.plan.PolicyBinder;
import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.PolicyPlan;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.SkepKernel;
import dev.skep.bpf.kernel.KernelOptions;
import dev.skep.bpf.kernel.SkepKernels;
import dev.skep.cluster.NeedsKernel;
import dev.skep.cluster.NeedsPolicies;
import dev.skep.cluster.OnlyInVm;
import dev.skep.policy.PolicyReader;
import dev.skep.policy.Reading;
import dev.skep.policy.Reading.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Policies that others wrote, each in this kernel or refused for a reason: e2e/COMPATIBILITY.md is
 * what this has seen on Linux 6.12. What it sees now is written to {@code compatibility.seen}.
 */
@NeedsKernel
@NeedsPolicies
@OnlyInVm("Debian's Linux 6.12, of which e2e/COMPATIBILITY.md tells")
@Tag("policies-of-others")
@EnabledIfSystemProperty(
    named = "policies.folder",
    matches = ".+",
    disabledReason = "no -Dpolicies.folder with other people's policies was given")
class PoliciesOfOthersIT {
  /** Something of all that such policies ask for. */
  private static final String WORK =
      """
      cd "$(mktemp -d)" || exit
      true >>/etc/passwd; cat /etc/passwd /etc/shadow >/dev/null; ln /etc/passwd hard; ln -s /etc/passwd soft; cat soft >/dev/null
      unshare --mount bash -c 'mount -t tmpfs none /mnt; mkdir /mnt/old; pivot_root /mnt /mnt/old' || true
      setpriv --reuid 65534 --clear-groups unshare --user true; unshare --user --pid --mount --fork bash -c 'ls /root; cat /etc/passwd' >/dev/null
      setpriv --reuid 1 --clear-groups --inh-caps -all --bounding-set -all true; perl -e 'syscall(117, 1, 1, 0); syscall(105, 0)'
      ip link set lo up; bash -c 'echo hello >/dev/tcp/127.0.0.1/9; echo hello >/dev/udp/127.0.0.1/9'
      timeout 10 perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(7777, INADDR_LOOPBACK)); listen(S, 5);
        if (fork) { accept(C, S); print C "x"; close C } else { socket(D, PF_INET, SOCK_STREAM, 0); connect(D, sockaddr_in(7777, INADDR_LOOPBACK)); sysread(D, $x, 1) }'
      bash -c 'exec 5>&1; exec 6>&5'; perl -e 'syscall(32, 1); syscall(33, 1, 9)'; /usr/bin/kill -0 $$
      perl -e 'open(F, "</etc/hostname"); $p = ""; syscall(313, fileno(F), $p, 0); $m = "x" x 64; syscall(175, $m, 64, $p)'; echo done
      """;

  private record Row(String file, String answer, String detail) {
    @Override
    public String toString() {
      return "| " + file + " | " + answer + " | " + detail.replace("|", "\\|") + " |";
    }
  }

  @Test
  void eachIsCarriedOutOrRefusedForAReason() throws Exception {
    var rows = new ArrayList<Row>();
    var pins = Path.of("/sys/fs/bpf/skep-it-others");
    try (var kernel = SkepKernels.open(new KernelOptions(pins, 1 << 20))) {
      var ring = Thread.ofPlatform().start(() -> kernel.consume(new Nobody()));
      var binder =
          new PolicyBinder(new ThisHost(ThisHost.hostname(), ProcNamespaces.ofTheHost()), true);
      for (var file : files()) {
        for (var reading : PolicyReader.readText(Files.readString(file))) {
          rows.add(row(file.getFileName().toString(), reading, binder, kernel));
        }
      }
      kernel.detach();
      ring.join();
    }
    var seen = table(rows);
    var out = System.getProperty("compatibility.seen");
    if (out != null) {
      Files.writeString(Path.of(out), seen);
    }

    assertThat(rows).extracting(Row::answer).doesNotContain("fails");
    var release = Files.readString(Path.of("/proc/sys/kernel/osrelease"));
    if (release.startsWith("6.12.")) {
      assertThat(Path.of(System.getProperty("skep.root"), "e2e/COMPATIBILITY.md"))
          .as("what was seen now is in %s", out)
          .hasContent(seen);
    }
  }

  private static Row row(String file, Reading reading, PolicyBinder binder, SkepKernel kernel) {
    return switch (reading) {
      case Reading.Refused(var problems) ->
          new Row(
              file,
              problems.stream().allMatch(p -> p.kind() == Kind.UNSUPPORTED)
                  ? "not supported yet"
                  : "refused",
              join(problems));
      case Reading.Accepted(var policy, _) ->
          switch (binder.bind(policy)) {
            case Binding.Unbindable(var problems) ->
                new Row(file, "not on this kernel", join(problems));
            case Binding.Bound(var plan) -> applied(file, plan, kernel);
          };
    };
  }

  /** In the kernel, tried, and out of it again. */
  private static Row applied(String file, PolicyPlan plan, SkepKernel kernel) {
    try {
      kernel.apply(plan, PolicyTotals.NONE);
      var held = Objects.requireNonNull(kernel.policies().get(plan.uid()), file);
      assertThat(held.complete()).as(file).isTrue();
      assertThat(held.hooks()).as(file).hasSize(plan.hooks().size());
      // Some policies make others wait for ever.
      Shell.run("timeout --kill-after=1 60 bash <<'WORK'\n" + WORK + "WORK");
      boolean matched =
          kernel.totals(plan.uid()).hooks().stream()
              .anyMatch(hook -> hook.posted() + hook.suppressed() + hook.enforced() > 0);
      kernel.remove(plan.uid());
      assertThat(kernel.policies()).as(file).isEmpty();
      int hooks = plan.hooks().size();
      return new Row(
          file,
          "carried out",
          (hooks == 1 ? "1 hook" : hooks + " hooks") + (matched ? ", seen to match" : ""));
    } catch (BpfException e) {
      return new Row(file, "fails", String.valueOf(e.getMessage()));
    }
  }

  private static String join(List<?> problems) {
    return problems.stream().map(Object::toString).collect(Collectors.joining("; "));
  }

  private static String table(List<Row> rows) {
    long carriedOut = rows.stream().filter(row -> row.answer().equals("carried out")).count();
    return """
    # Policies that others wrote

    Tetragon's example policies, unchanged, on Debian's Linux 6.12: each is loaded into the kernel, read back from it and taken out again, or refused with the path of every field
    that cannot be carried out. "Seen to match" are those that an ordinary workload triggers. Written by `PoliciesOfOthersIT`, which fails where it sees anything else.

    %d of %d are carried out.

    | policy | | |
    |---|---|---|
    %s
    """
        .formatted(
            carriedOut,
            rows.size(),
            rows.stream().map(Row::toString).collect(Collectors.joining("\n")));
  }

  private static List<Path> files() throws IOException {
    try (var files = Files.list(Path.of(System.getProperty("policies.folder")))) {
      var found = files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
      assertThat(found).isNotEmpty();
      return found;
    }
  }

  /** Reads the ring, so that it does not fill. */
  private static final class Nobody implements SkepKernel.Consumer {
    @Override
    public void accept(KernelRecord record) {}

    @Override
    public void idle() {}
  }
}
