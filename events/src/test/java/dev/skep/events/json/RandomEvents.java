package dev.skep.events.json;

import dev.skep.events.Action;
import dev.skep.events.Argument;
import dev.skep.events.BinaryProperties;
import dev.skep.events.Bytes;
import dev.skep.events.Capabilities;
import dev.skep.events.Container;
import dev.skep.events.ContainerFacts;
import dev.skep.events.Credentials;
import dev.skep.events.EnvironmentVariable;
import dev.skep.events.Event;
import dev.skep.events.ExecId;
import dev.skep.events.FileProperties;
import dev.skep.events.Hook;
import dev.skep.events.KernelText;
import dev.skep.events.Namespace;
import dev.skep.events.Namespaces;
import dev.skep.events.Pod;
import dev.skep.events.PrivilegesChanged;
import dev.skep.events.ProcessExec;
import dev.skep.events.ProcessExit;
import dev.skep.events.ProcessFacts;
import dev.skep.events.ProcessKprobe;
import dev.skep.events.ProcessLsm;
import dev.skep.events.ProcessRef;
import dev.skep.events.ProcessThrottle;
import dev.skep.events.ProcessTracepoint;
import dev.skep.events.Signals;
import dev.skep.events.TracedContainer;
import dev.skep.events.TracedProcess;
import dev.skep.events.UserNamespace;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Events of every shape, the same for the same seed. */
final class RandomEvents {
  private static final long YEAR_2026 = TimeUnit.SECONDS.toNanos(1_767_225_600);
  private static final long[] TELLING_NUMBERS = {
    0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 53
  };
  private static final String[] TELLING_TEXTS = {
    "",
    "/usr/bin/id",
    "-u \"a b\" é <&>='",
    "日本/🐝",
    "\\\"\b\f\n\r\t\u0001\u007f",
    "\u2028",
    "\uFFFD"
  };

  private static final List<Action> ACTIONS = List.of(Action.values());

  private final Random random;

  RandomEvents(long seed) {
    random = new Random(seed);
  }

  Event event() {
    return switch (random.nextInt(9)) {
      case 7 ->
          new ProcessTracepoint(
              time(),
              process(),
              parent(),
              text(),
              new Hook(text(), text(), text(), texts(3).toList()),
              Stream.generate(this::argument).limit(random.nextInt(9)).toList(),
              action(),
              ancestors());
      case 0 ->
          new ProcessThrottle(
              time(),
              random.nextBoolean() ? ProcessThrottle.Type.START : ProcessThrottle.Type.STOP,
              text());
      case 1, 2 ->
          new ProcessExec(time(), process(), parent(), ancestors(), maybe(this::binaryProperties));
      case 3, 4 ->
          new ProcessExit(
              time(),
              process(),
              parent(),
              Signals.name(random.nextInt(66)),
              random.nextInt(256),
              ancestors());
      case 5 ->
          new ProcessLsm(
              time(),
              process(),
              parent(),
              new Hook(text(), text(), text(), texts(3).toList()),
              Stream.generate(this::argument).limit(random.nextInt(6)).toList(),
              action(),
              ancestors());
      default ->
          new ProcessKprobe(
              time(),
              process(),
              parent(),
              new Hook(text(), text(), text(), texts(3).toList()),
              Stream.generate(this::argument).limit(random.nextInt(6)).toList(),
              random.nextBoolean() ? argument() : null,
              action(),
              action(),
              ancestors());
    };
  }

  Argument argument() {
    return switch (random.nextInt(17)) {
      case 0 -> new Argument.IntArg((int) number(), text());
      case 1 -> new Argument.UintArg((int) number(), text());
      case 2 -> new Argument.SizeArg(number(), text());
      case 3 -> new Argument.LongArg(number(), text());
      case 4 -> new Argument.StringArg(text(), text());
      case 5 -> new Argument.FileArg(text(), text(), text(), text(), text());
      case 6 -> new Argument.BytesArg(bytes(), text());
      case 15 -> new Argument.SyscallArg((int) number(), text(), text());
      case 7 -> new Argument.TruncatedBytesArg(bytes(), number(), text());
      case 8 -> new Argument.PathArg(text(), text(), text(), text(), text());
      case 9 -> new Argument.LinuxBinprmArg(text(), text(), text(), text());
      case 10 -> new Argument.NetDevArg(text(), text());
      case 11 -> new Argument.SockaddrArg(text(), text(), (int) number(), text());
      case 12 -> new Argument.SockaddrUnArg(text(), text(), text());
      case 13 ->
          new Argument.SockArg(
              text(),
              text(),
              text(),
              (int) number(),
              (int) number(),
              text(),
              text(),
              (int) number(),
              (int) number(),
              number(),
              text(),
              text());
      case 14 ->
          new Argument.SkbArg(
              (int) number(),
              (int) number(),
              (int) number(),
              (int) number(),
              text(),
              text(),
              (int) number(),
              (int) number(),
              (int) number(),
              (int) number(),
              (int) number(),
              text(),
              text(),
              text());
      default -> new Argument.ErrorArg(text(), text());
    };
  }

  private @Nullable ProcessRef parent() {
    return random.nextBoolean() ? process() : null;
  }

  private ProcessRef process() {
    int pid = random.nextInt(1 << 22);
    var facts =
        new ProcessFacts(
            ExecId.of("node", random.nextLong() >>> 1, pid),
            pid,
            (int) number(),
            text(),
            text(),
            text(),
            text(),
            time(),
            (int) number(),
            text(),
            maybe(random::nextBoolean),
            maybe(this::capabilities),
            maybe(this::namespaces),
            maybe(this::credentials),
            maybe(this::text),
            Stream.generate(() -> new EnvironmentVariable(text(), text()))
                .limit(random.nextInt(3))
                .toList(),
            random.nextInt(3) == 0 ? 0 : (int) number(),
            text());
    return new ProcessRef(
        new TracedProcess(facts), maybe(this::container), (int) number(), (int) number());
  }

  private TracedContainer container() {
    var pod = maybe(this::pod);
    var container =
        new Container(
            "containerd://" + random.nextInt(),
            text(),
            text(),
            text(),
            random.nextBoolean() ? 0 : time(),
            random.nextBoolean(),
            List.of(new Container.Probe(text(), text())));
    return new TracedContainer(
        new ContainerFacts(
            "0123456789".repeat(1 + random.nextInt(7)),
            pod,
            pod == null || random.nextBoolean() ? null : container),
        random.nextBoolean());
  }

  private Pod pod() {
    return new Pod(text(), text(), text(), labels(), text(), text(), labels());
  }

  private Map<String, String> labels() {
    return texts(4).distinct().collect(Collectors.toMap(key -> key, _ -> text()));
  }

  private List<ProcessRef> ancestors() {
    return random.nextInt(3) == 0
        ? Stream.generate(this::process).limit(random.nextInt(4)).toList()
        : List.of();
  }

  private Capabilities capabilities() {
    return new Capabilities(number(), number(), number());
  }

  private Namespaces namespaces() {
    return new Namespaces(
        namespace(),
        namespace(),
        namespace(),
        namespace(),
        namespace(),
        namespace(),
        namespace(),
        namespace(),
        namespace(),
        namespace());
  }

  private Namespace namespace() {
    return new Namespace((int) number(), random.nextBoolean());
  }

  private Credentials credentials() {
    return new Credentials(
        (int) number(),
        (int) number(),
        (int) number(),
        (int) number(),
        (int) number(),
        (int) number(),
        (int) number(),
        (int) number(),
        (int) number(),
        capabilities(),
        new UserNamespace((int) number(), (int) number(), (int) number(), namespace()));
  }

  private BinaryProperties binaryProperties() {
    return new BinaryProperties(
        maybe(() -> (int) number()),
        maybe(() -> (int) number()),
        Stream.of(PrivilegesChanged.values())
            .filter(_ -> random.nextBoolean())
            .collect(Collectors.toSet()),
        maybe(() -> new FileProperties(number(), (int) number(), text())));
  }

  private <T> @Nullable T maybe(Supplier<T> made) {
    return random.nextBoolean() ? made.get() : null;
  }

  private Action action() {
    return ACTIONS.get(random.nextInt(ACTIONS.size()));
  }

  private Stream<String> texts(int most) {
    return Stream.generate(this::text).limit(random.nextInt(most));
  }

  private String text() {
    if (random.nextBoolean()) {
      return TELLING_TEXTS[random.nextInt(TELLING_TEXTS.length)];
    }
    // Random bytes are hardly ever UTF-8; one in eight is longer than the generator's own buffer.
    var bytes = new byte[random.nextInt(random.nextInt(8) == 0 ? 20_000 : 100)];
    random.nextBytes(bytes);
    return KernelText.of(bytes);
  }

  private Bytes bytes() {
    var bytes = new byte[random.nextInt(40)];
    random.nextBytes(bytes);
    return Bytes.owning(bytes);
  }

  private long number() {
    return random.nextBoolean()
        ? TELLING_NUMBERS[random.nextInt(TELLING_NUMBERS.length)]
        : random.nextLong();
  }

  private long time() {
    var second = YEAR_2026 + TimeUnit.SECONDS.toNanos(random.nextInt(100_000_000));
    return switch (random.nextInt(4)) {
      case 0 -> second;
      case 1 -> second + TimeUnit.MILLISECONDS.toNanos(random.nextInt(1_000));
      case 2 -> second + TimeUnit.MICROSECONDS.toNanos(random.nextInt(1_000_000));
      default -> second + random.nextInt(1_000_000_000);
    };
  }
}
