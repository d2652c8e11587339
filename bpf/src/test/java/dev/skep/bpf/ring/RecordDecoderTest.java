package dev.skep.bpf.ring;

import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Following;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.ring.HookOwners.Owner;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordDecoderTest {
  private static final int FORK = 1;
  private static final int EXEC = 2;
  private static final int EXIT = 3;
  private static final int HOOK = 4;
  private static final int RETURN = 5;

  private static final int MUTATIONS = 300_000; // of each seed
  private static final int ORIGINALS = 1000;
  private static final int[] EDGES = {0, 8, 56, 96, 4096, 16_384, 2 << 20, 1 << 30, 1 << 31};

  private final MemorySegment ring = Arena.ofAuto().allocate(64 << 10, 8);
  private final RecordDecoder decoder =
      new RecordDecoder(
          (slot, version) -> slot == 7 && version == 3 ? new Owner("uid", 1, 12) : null,
          point -> "function_" + point,
          new RingShares(Arena.ofAuto().allocate((long) Structs.HOOKS_MAX * Long.BYTES, 8)));

  @Test
  void aForkTellsChildAndParent() {
    begin(FORK, Structs.FORK_RECORD.byteSize());
    ring.set(JAVA_INT, at(Structs.FORK_RECORD, "parent.pid"), 41);
    ring.set(JAVA_LONG, at(Structs.FORK_RECORD, "parent.start"), 410);
    ring.set(JAVA_INT, at(Structs.FORK_RECORD, "namespace_pid"), 2);

    var fork = (KernelRecord.Fork) decode(Structs.FORK_RECORD.byteSize());

    assertThat(fork.header())
        .isEqualTo(new KernelRecord.Header(3, 1000, new ProcessKey(42, 420), 0, 77, 43, 1000));
    assertThat(fork.parent()).isEqualTo(new ProcessKey(41, 410));
    assertThat(fork.namespacePid()).isEqualTo(2);
  }

  @Test
  void anExecTellsPathFolderAndArguments() {
    long size = exec("/bin/true", "/tmp", "true\0-x\0");

    var exec = (KernelRecord.Exec) decode(size);

    assertThat(exec.path()).asString(UTF_8).isEqualTo("/bin/true");
    assertThat(exec.cwd()).asString(UTF_8).isEqualTo("/tmp");
    assertThat(exec.arguments()).asString(UTF_8).isEqualTo("true\0-x\0");
    assertThat(exec.loginUid()).isEqualTo(-1);
  }

  @Test
  void anExitTellsItsCode() {
    begin(EXIT, Structs.EXIT_RECORD.byteSize());
    ring.set(JAVA_INT, at(Structs.EXIT_RECORD, "code"), 9);
    assertThat(((KernelRecord.Exit) decode(Structs.EXIT_RECORD.byteSize())).code()).isEqualTo(9);
  }

  @Test
  void aHookTellsItsPolicyAndArguments() {
    long size = hook("/etc/passwd", 7, 3);

    var hook = (KernelRecord.Hook) decode(size);

    assertThat(hook.policy()).isEqualTo("uid");
    assertThat(hook.hook()).isEqualTo(1);
    assertThat(hook.version()).isEqualTo(12);
    assertThat(hook.action()).isEqualTo(KernelRecord.Action.SIGNAL);
    assertThat(hook.signal()).isEqualTo(9);
    assertThat(hook.following()).isEqualTo(Following.VALUE);
    assertThat(hook.arguments()).hasSize(2);
    assertThat(hook.arguments().getFirst().kind()).isEqualTo(ArgumentKind.FD);
    assertThat(hook.arguments().getFirst().bytes()).asString(UTF_8).isEqualTo("/etc/passwd");
    assertThat(hook.arguments().get(1).kind()).isEqualTo(ArgumentKind.SIZE);
    assertThat(hook.arguments().get(1).value()).isEqualTo(-5);
    assertThat(hook.arguments().get(1).truncated()).isTrue();
  }

  @Test
  void aReturnTellsWhichCallItEnds() {
    begin(RETURN, Structs.RETURN_RECORD.byteSize());
    ring.set(JAVA_INT, at(Structs.RETURN_RECORD, "slot"), 7);
    ring.set(JAVA_INT, at(Structs.RETURN_RECORD, "version"), 3);
    ring.set(JAVA_LONG, at(Structs.RETURN_RECORD, "entry_time"), 999);
    ring.set(JAVA_LONG, at(Structs.RETURN_RECORD, "value"), -13);

    var returned = (KernelRecord.Return) decode(Structs.RETURN_RECORD.byteSize());

    assertThat(returned.entryTime()).isEqualTo(999);
    assertThat(returned.value()).isEqualTo(-13);
    assertThat(returned.policy()).isEqualTo("uid");
    assertThat(returned.action()).isNull();
  }

  @Test
  void aReturnTellsWhatWasDoneThen() {
    begin(RETURN, Structs.RETURN_RECORD.byteSize());
    ring.set(JAVA_INT, at(Structs.RETURN_RECORD, "slot"), 7);
    ring.set(JAVA_INT, at(Structs.RETURN_RECORD, "version"), 3);
    ring.set(JAVA_BYTE, at(Structs.RETURN_RECORD, "selector"), (byte) 2);
    ring.set(JAVA_BYTE, at(Structs.RETURN_RECORD, "action"), (byte) 2);
    ring.set(JAVA_SHORT, at(Structs.RETURN_RECORD, "signal"), (short) 9);

    var returned = (KernelRecord.Return) decode(Structs.RETURN_RECORD.byteSize());

    assertThat(returned.action()).isEqualTo(KernelRecord.Action.SIGNAL);
    assertThat(returned.signal()).isEqualTo(9);
    assertThat(returned.selector()).isEqualTo(2);
    ring.set(JAVA_BYTE, at(Structs.RETURN_RECORD, "action"), (byte) 6);
    assertThat(decoder.decode(ring, 0, Structs.RETURN_RECORD.byteSize())).isNull();
  }

  @Test
  void aRecordOfARemovedPolicyIsCountedAndLeftOut() {
    long size = hook("/etc/passwd", 8, 3);
    assertThat(decoder.decode(ring, 0, size)).isNull();
    assertThat(decoder.ownerless()).isEqualTo(1);
    assertThat(decoder.malformed()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 55, 56, 87, 247})
  void aRecordThatIsTooShortIsCountedAndLeftOut(int size) {
    exec("/bin/true", "/tmp", "true\0");
    assertThat(decoder.decode(ring, 0, size)).isNull();
    assertThat(decoder.malformed()).isEqualTo(1);
  }

  /** Whatever the bytes are: a record, a chunk or a count, and no look beyond the record's end. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void noMutationBreaksTheDecoder(long seed) {
    var random = new Random(seed);
    int decoded = 0;
    int chunks = 0;
    for (int original = 0; original < ORIGINALS; original++) {
      long size = someRecord(random);
      var whole = ring.asSlice(0, size).toArray(JAVA_BYTE);
      // As tight as the record: a look beyond would throw.
      var record = Arena.ofAuto().allocate(size, 8);
      for (int turn = 0; turn < MUTATIONS / ORIGINALS; turn++) {
        MemorySegment.copy(whole, 0, record, JAVA_BYTE, 0, whole.length);
        for (int i = random.nextInt(4); i >= 0; i--) {
          mutate(record, random);
        }
        long before = decoder.malformed() + decoder.ownerless();
        if (decoder.decode(record, 0, size) != null) {
          decoded++;
        } else if (before == decoder.malformed() + decoder.ownerless()) {
          chunks++;
        }
      }
    }
    assertThat(decoded).isPositive();
    assertThat(chunks).isPositive();
    assertThat(decoder.malformed()).isPositive();
    assertThat(decoded + chunks + decoder.malformed() + decoder.ownerless())
        .isEqualTo(MUTATIONS / ORIGINALS * ORIGINALS);
  }

  private long someRecord(Random random) {
    ring.asSlice(0, 1024).fill((byte) 0);
    return switch (random.nextInt(4)) {
      case 0 -> exec("/usr/bin/some-program", "/home/somebody", "some\0argument\0");
      case 1 -> hook("/var/lib/data", 7, 3);
      case 2 -> data(random.nextInt(2) + 1, 0, "some text that is not long");
      default -> {
        begin(1 + random.nextInt(10), 96);
        yield 96;
      }
    };
  }

  /** A bit, a byte, or a field of 32 bits such as a size, to something or the edge of something. */
  private static void mutate(MemorySegment record, Random random) {
    long size = record.byteSize();
    long at = random.nextLong(size);
    switch (random.nextInt(4)) {
      case 0 ->
          record.set(JAVA_BYTE, at, (byte) (record.get(JAVA_BYTE, at) ^ (1 << random.nextInt(8))));
      case 1 -> record.set(JAVA_BYTE, at, (byte) random.nextInt(256));
      case 2 -> record.set(JAVA_INT, random.nextLong(size / 4) * 4, random.nextInt());
      default ->
          record.set(
              JAVA_INT,
              random.nextLong(size / 4) * 4,
              EDGES[random.nextInt(EDGES.length)] + random.nextInt(3) - 1);
    }
  }

  @Test
  void aLongTextIsPutTogether() {
    decoder.decode(ring, 0, data(1, 0, "one\0"));
    decoder.decode(ring, 0, data(2, 0, "A=b\0"));
    decoder.decode(ring, 0, data(1, 4, "two\0"));
    long size = exec("/bin/true", "/tmp", "");
    inData(Structs.EXEC_ARGUMENTS_IN_DATA | Structs.EXEC_ENVIRONMENT_IN_DATA, 8, 4);

    var exec = (KernelRecord.Exec) decode(size);

    assertThat(exec.arguments()).asString(UTF_8).isEqualTo("one\0two\0");
    assertThat(exec.environment()).asString(UTF_8).isEqualTo("A=b\0");
    assertThat(exec.flags()).isZero();
  }

  @Test
  void aLongTextOfWhichAPartWasLostSaysSo() {
    decoder.decode(ring, 0, data(1, 0, "one\0"));
    long size = exec("/bin/true", "/tmp", "");
    inData(Structs.EXEC_ARGUMENTS_IN_DATA | Structs.EXEC_ENVIRONMENT_IN_DATA, 8, 4);

    var exec = (KernelRecord.Exec) decode(size);

    assertThat(exec.arguments()).asString(UTF_8).isEqualTo("one\0");
    assertThat(exec.environment()).isEmpty();
    assertThat(exec.flags())
        .isEqualTo(
            KernelRecord.Exec.TRUNCATED_ARGUMENTS | KernelRecord.Exec.UNREADABLE_ENVIRONMENT);
  }

  @Test
  void aThrottleTellsItsCgroup() {
    begin(7, Structs.THROTTLE_RECORD.byteSize());
    assertThat(decode(Structs.THROTTLE_RECORD.byteSize()))
        .isInstanceOf(KernelRecord.Throttle.class)
        .satisfies(throttle -> assertThat(throttle.header().cgroup()).isEqualTo(77));
  }

  @Test
  void aNewCgroupTellsItsPlace() {
    long size = cgroup(8, "/kubepods/pod1");

    var made = (KernelRecord.CgroupMade) decode(size);

    assertThat(made.cgroup()).isEqualTo(900);
    assertThat(made.parent()).isEqualTo(899);
    assertThat(made.level()).isEqualTo(2);
    assertThat(made.path()).asString().isEqualTo("/kubepods/pod1");
    assertThat(made.header().cgroup()).isEqualTo(77);
  }

  @Test
  void aCgroupThatIsGoneTellsItsId() {
    assertThat(decode(cgroup(9, "")))
        .isInstanceOfSatisfying(
            KernelRecord.CgroupGone.class, gone -> assertThat(gone.cgroup()).isEqualTo(900));
  }

  @Test
  void aCgroupsPathThatIsLongerThanItsRecordIsMalformed() {
    long size = cgroup(8, "/kubepods/pod1");
    ring.set(JAVA_INT, at(Structs.CGROUP_RECORD, "path_size"), 15);

    assertThat(decoder.decode(ring, 0, size)).isNull();
    assertThat(decoder.malformed()).isEqualTo(1);
  }

  private long cgroup(int kind, String path) {
    var struct = Structs.CGROUP_RECORD;
    var bytes = path.getBytes(UTF_8);
    long size = struct.byteSize() + bytes.length;
    begin(kind, size);
    ring.set(JAVA_LONG, at(struct, "cgroup"), 900);
    ring.set(JAVA_LONG, at(struct, "parent"), 899);
    ring.set(JAVA_INT, at(struct, "level"), 2);
    ring.set(JAVA_INT, at(struct, "path_size"), bytes.length);
    MemorySegment.copy(bytes, 0, ring, JAVA_BYTE, struct.byteSize(), bytes.length);
    return size;
  }

  private void inData(int flags, int argumentsSize, int environmentSize) {
    ring.set(JAVA_INT, at(Structs.EXEC_RECORD, "flags"), flags);
    ring.set(JAVA_INT, at(Structs.EXEC_RECORD, "arguments_size"), argumentsSize);
    ring.set(JAVA_INT, at(Structs.EXEC_RECORD, "environment_size"), environmentSize);
  }

  private long data(int kind, int offset, String text) {
    var struct = Structs.DATA_RECORD;
    var bytes = text.getBytes(UTF_8);
    long size = struct.byteSize() + bytes.length;
    begin(6, size);
    ring.set(JAVA_INT, at(struct, "offset"), offset);
    ring.set(JAVA_INT, at(struct, "text"), kind);
    MemorySegment.copy(bytes, 0, ring, JAVA_BYTE, struct.byteSize(), bytes.length);
    return size;
  }

  private KernelRecord decode(long size) {
    var decoded = decoder.decode(ring, 0, size);
    assertThat(decoded).isNotNull();
    if (decoded == null) {
      throw new AssertionError();
    }
    return decoded;
  }

  private void begin(int kind, long size) {
    var header = Structs.RECORD_HEADER;
    ring.set(JAVA_INT, at(header, "size"), (int) size);
    ring.set(JAVA_SHORT, at(header, "kind"), (short) kind);
    ring.set(JAVA_SHORT, at(header, "cpu"), (short) 3);
    ring.set(JAVA_LONG, at(header, "time"), 1000);
    ring.set(JAVA_INT, at(header, "process.pid"), 42);
    ring.set(JAVA_LONG, at(header, "process.start"), 420);
    ring.set(JAVA_LONG, at(header, "cgroup"), 77);
    ring.set(JAVA_INT, at(header, "tid"), 43);
    ring.set(JAVA_INT, at(header, "uid"), 1000);
  }

  private long exec(String path, String cwd, String arguments) {
    var struct = Structs.EXEC_RECORD;
    ring.asSlice(0, struct.byteSize()).fill((byte) 0);
    var texts = (path + cwd + arguments).getBytes(UTF_8);
    long size = struct.byteSize() + texts.length;
    begin(EXEC, size);
    ring.set(JAVA_INT, at(struct, "login_uid"), -1);
    ring.set(JAVA_SHORT, at(struct, "path_size"), (short) path.length());
    ring.set(JAVA_SHORT, at(struct, "cwd_size"), (short) cwd.length());
    ring.set(JAVA_INT, at(struct, "arguments_size"), arguments.length());
    MemorySegment.copy(texts, 0, ring, JAVA_BYTE, struct.byteSize(), texts.length);
    return size;
  }

  /** With a descriptor, SIGKILL sent, and a truncated size. */
  private long hook(String path, int slot, int version) {
    var struct = Structs.HOOK_RECORD;
    var text = path.getBytes(UTF_8);
    long first = struct.byteSize();
    long second = first + Structs.ARGUMENT_HEADER.byteSize() + ((text.length + 7) & ~7);
    long size = second + Structs.ARGUMENT_HEADER.byteSize();
    begin(HOOK, size);
    ring.set(JAVA_INT, at(struct, "slot"), slot);
    ring.set(JAVA_SHORT, at(struct, "point"), (short) 1);
    ring.set(JAVA_BYTE, at(struct, "action"), (byte) 2);
    ring.set(JAVA_INT, at(struct, "version"), version);
    ring.set(JAVA_SHORT, at(struct, "signal"), (short) 9);
    ring.set(JAVA_BYTE, at(struct, "flags"), (byte) 1);
    ring.set(JAVA_BYTE, at(struct, "argument_count"), (byte) 2);
    argument(first, ArgumentKind.FD, 0, text.length, 4);
    MemorySegment.copy(
        text, 0, ring, JAVA_BYTE, first + Structs.ARGUMENT_HEADER.byteSize(), text.length);
    argument(second, ArgumentKind.SIZE, 1, 0, -5);
    return size;
  }

  private void argument(long begin, ArgumentKind kind, int flags, int size, long value) {
    var struct = Structs.ARGUMENT_HEADER;
    ring.set(JAVA_BYTE, begin + at(struct, "kind"), (byte) kind.code());
    ring.set(JAVA_BYTE, begin + at(struct, "flags"), (byte) flags);
    ring.set(JAVA_INT, begin + at(struct, "size"), size);
    ring.set(JAVA_LONG, begin + at(struct, "value"), value);
  }

  private static long at(StructLayout struct, String member) {
    return offset(struct, member);
  }
}
