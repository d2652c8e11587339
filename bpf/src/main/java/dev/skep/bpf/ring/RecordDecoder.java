package dev.skep.bpf.ring;

import static dev.skep.bpf.layout.Structs.offset;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Action;
import dev.skep.bpf.KernelRecord.Argument;
import dev.skep.bpf.KernelRecord.Header;
import dev.skep.bpf.KernelRecord.ProcessKey;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Makes records of bytes. Trusts no size that the bytes claim: what does not fit is counted and
 * left out, whatever it is. One thread decodes; any may read the counts.
 */
public final class RecordDecoder {
  private static final int FORK = 1;
  private static final int EXEC = 2;
  private static final int EXIT = 3;
  private static final int HOOK = 4;
  private static final int RETURN = 5;

  private static final long HEADER_BYTES = Structs.RECORD_HEADER.byteSize();
  private static final long KIND = offset(Structs.RECORD_HEADER, "kind");
  private static final long CPU = offset(Structs.RECORD_HEADER, "cpu");
  private static final long TIME = offset(Structs.RECORD_HEADER, "time");
  private static final long PROCESS = offset(Structs.RECORD_HEADER, "process");
  private static final long CGROUP = offset(Structs.RECORD_HEADER, "cgroup");
  private static final long TID = offset(Structs.RECORD_HEADER, "tid");
  private static final long UID = offset(Structs.RECORD_HEADER, "uid");
  private static final long KEY_PID = offset(Structs.PROCESS_KEY, "pid");
  private static final long KEY_START = offset(Structs.PROCESS_KEY, "start");

  private static final long FORK_BYTES = Structs.FORK_RECORD.byteSize();
  private static final long FORK_PARENT = offset(Structs.FORK_RECORD, "parent");
  private static final long FORK_NAMESPACE_PID = offset(Structs.FORK_RECORD, "namespace_pid");

  private static final long EXEC_BYTES = Structs.EXEC_RECORD.byteSize();
  private static final long EXEC_PARENT = offset(Structs.EXEC_RECORD, "parent");
  private static final long EXEC_NAMESPACE_PID = offset(Structs.EXEC_RECORD, "namespace_pid");
  private static final long EXEC_LOGIN_UID = offset(Structs.EXEC_RECORD, "login_uid");
  private static final long EXEC_FLAGS = offset(Structs.EXEC_RECORD, "flags");
  private static final long EXEC_PATH_SIZE = offset(Structs.EXEC_RECORD, "path_size");
  private static final long EXEC_CWD_SIZE = offset(Structs.EXEC_RECORD, "cwd_size");
  private static final long EXEC_ARGUMENTS_SIZE = offset(Structs.EXEC_RECORD, "arguments_size");

  private static final long EXIT_BYTES = Structs.EXIT_RECORD.byteSize();
  private static final long EXIT_CODE = offset(Structs.EXIT_RECORD, "code");

  private static final long HOOK_BYTES = Structs.HOOK_RECORD.byteSize();
  private static final long HOOK_SLOT = offset(Structs.HOOK_RECORD, "slot");
  private static final long HOOK_SYSCALL = offset(Structs.HOOK_RECORD, "syscall");
  private static final long HOOK_SELECTOR = offset(Structs.HOOK_RECORD, "selector");
  private static final long HOOK_ACTION = offset(Structs.HOOK_RECORD, "action");
  private static final long HOOK_VERSION = offset(Structs.HOOK_RECORD, "version");
  private static final long HOOK_SIGNAL = offset(Structs.HOOK_RECORD, "signal");
  private static final long HOOK_FLAGS = offset(Structs.HOOK_RECORD, "flags");
  private static final long HOOK_ARGUMENT_COUNT = offset(Structs.HOOK_RECORD, "argument_count");
  private static final int HOOK_RETURN_FOLLOWS = 1;

  private static final long ARGUMENT_BYTES = Structs.ARGUMENT_HEADER.byteSize();
  private static final long ARGUMENT_KIND = offset(Structs.ARGUMENT_HEADER, "kind");
  private static final long ARGUMENT_INDEX = offset(Structs.ARGUMENT_HEADER, "index");
  private static final long ARGUMENT_FLAGS = offset(Structs.ARGUMENT_HEADER, "flags");
  private static final long ARGUMENT_SIZE = offset(Structs.ARGUMENT_HEADER, "size");
  private static final long ARGUMENT_VALUE = offset(Structs.ARGUMENT_HEADER, "value");
  private static final int ARGUMENT_TRUNCATED = 1;
  private static final int ARGUMENT_UNREADABLE = 2;

  private static final long RETURN_BYTES = Structs.RETURN_RECORD.byteSize();
  private static final long RETURN_SLOT = offset(Structs.RETURN_RECORD, "slot");
  private static final long RETURN_VERSION = offset(Structs.RETURN_RECORD, "version");
  private static final long RETURN_ENTRY_TIME = offset(Structs.RETURN_RECORD, "entry_time");
  private static final long RETURN_VALUE = offset(Structs.RETURN_RECORD, "value");

  private static final byte[] NO_BYTES = {};
  private static final Action[] ACTIONS = Action.values();

  /** By code; code 0 is no kind. */
  private static final ArgumentKind[] KINDS = kindsByCode();

  private final HookOwners owners;
  private final LongAdder malformed = new LongAdder();
  private final LongAdder ownerless = new LongAdder();

  public RecordDecoder(HookOwners owners) {
    this.owners = owners;
  }

  /** Records that were not what shared.h says. */
  public long malformed() {
    return malformed.sum();
  }

  /** Records of hooks whose policy was removed before they were read. */
  public long ownerless() {
    return ownerless.sum();
  }

  /**
   * The record in the {@code size} bytes at {@code at}, a multiple of 8; null if there is none that
   * can be told, which is counted. Copies what it keeps.
   */
  public @Nullable KernelRecord decode(MemorySegment ring, long at, long size) {
    if (size < HEADER_BYTES) {
      return malformedRecord();
    }
    long claimed = u32(ring, at);
    if (claimed > size || claimed < HEADER_BYTES) {
      return malformedRecord();
    }
    return switch (u16(ring, at + KIND)) {
      case FORK -> claimed < FORK_BYTES ? malformedRecord() : fork(ring, at);
      case EXEC -> claimed < EXEC_BYTES ? malformedRecord() : exec(ring, at, claimed);
      case EXIT -> claimed < EXIT_BYTES ? malformedRecord() : exit(ring, at);
      case HOOK -> claimed < HOOK_BYTES ? malformedRecord() : hook(ring, at, claimed);
      case RETURN -> claimed < RETURN_BYTES ? malformedRecord() : returned(ring, at);
      default -> malformedRecord();
    };
  }

  private @Nullable KernelRecord malformedRecord() {
    malformed.increment();
    return null;
  }

  private static Header header(MemorySegment ring, long at) {
    return new Header(
        u16(ring, at + CPU),
        ring.get(JAVA_LONG, at + TIME),
        key(ring, at + PROCESS),
        0,
        ring.get(JAVA_LONG, at + CGROUP),
        ring.get(JAVA_INT, at + TID),
        ring.get(JAVA_INT, at + UID));
  }

  private static ProcessKey key(MemorySegment ring, long at) {
    return new ProcessKey(ring.get(JAVA_INT, at + KEY_PID), ring.get(JAVA_LONG, at + KEY_START));
  }

  private static KernelRecord fork(MemorySegment ring, long at) {
    return new KernelRecord.Fork(
        header(ring, at),
        key(ring, at + FORK_PARENT),
        0,
        ring.get(JAVA_INT, at + FORK_NAMESPACE_PID),
        false);
  }

  private static KernelRecord exit(MemorySegment ring, long at) {
    return new KernelRecord.Exit(header(ring, at), ring.get(JAVA_INT, at + EXIT_CODE));
  }

  private @Nullable KernelRecord exec(MemorySegment ring, long at, long size) {
    long path = u16(ring, at + EXEC_PATH_SIZE);
    long cwd = u16(ring, at + EXEC_CWD_SIZE);
    long arguments = u32(ring, at + EXEC_ARGUMENTS_SIZE);
    if (path + cwd + arguments > size - EXEC_BYTES) {
      return malformedRecord();
    }
    long texts = at + EXEC_BYTES;
    return new KernelRecord.Exec(
        header(ring, at),
        key(ring, at + EXEC_PARENT),
        0,
        ring.get(JAVA_INT, at + EXEC_NAMESPACE_PID),
        ring.get(JAVA_INT, at + EXEC_LOGIN_UID),
        ring.get(JAVA_INT, at + EXEC_FLAGS),
        bytes(ring, texts, (int) path),
        bytes(ring, texts + path, (int) cwd),
        bytes(ring, texts + path + cwd, (int) arguments),
        NO_BYTES,
        KernelRecord.Credentials.NONE,
        KernelRecord.Namespaces.NONE,
        KernelRecord.Executable.NONE);
  }

  private @Nullable KernelRecord hook(MemorySegment ring, long at, long size) {
    int action = u8(ring, at + HOOK_ACTION) - 1; // enum hook_action begins at 1
    int count = u8(ring, at + HOOK_ARGUMENT_COUNT);
    if (action < 0 || action >= ACTIONS.length || count > Structs.ARGUMENTS_MAX) {
      return malformedRecord();
    }
    var arguments = new Argument[count];
    long next = HOOK_BYTES;
    for (int i = 0; i < count; i++) {
      if (size - next < ARGUMENT_BYTES) {
        return malformedRecord();
      }
      long begin = at + next;
      long length = u32(ring, begin + ARGUMENT_SIZE);
      int kind = u8(ring, begin + ARGUMENT_KIND);
      next += ARGUMENT_BYTES;
      if (length > size - next || kind == 0 || kind >= KINDS.length) {
        return malformedRecord();
      }
      int flags = u8(ring, begin + ARGUMENT_FLAGS);
      arguments[i] =
          new Argument(
              KINDS[kind],
              u8(ring, begin + ARGUMENT_INDEX),
              (flags & ARGUMENT_TRUNCATED) != 0,
              (flags & ARGUMENT_UNREADABLE) != 0,
              ring.get(JAVA_LONG, begin + ARGUMENT_VALUE),
              bytes(ring, begin + ARGUMENT_BYTES, (int) length));
      next += (length + Long.BYTES - 1) & -Long.BYTES;
    }
    var owner =
        owners.of(ring.get(JAVA_INT, at + HOOK_SLOT), ring.get(JAVA_INT, at + HOOK_VERSION));
    if (owner == null) {
      ownerless.increment();
      return null;
    }
    return new KernelRecord.Hook(
        header(ring, at),
        owner.policy(),
        owner.hook(),
        owner.edition(),
        u16(ring, at + HOOK_SYSCALL),
        u8(ring, at + HOOK_SELECTOR),
        ACTIONS[action],
        u16(ring, at + HOOK_SIGNAL),
        (u8(ring, at + HOOK_FLAGS) & HOOK_RETURN_FOLLOWS) != 0,
        List.of(arguments));
  }

  private @Nullable KernelRecord returned(MemorySegment ring, long at) {
    var owner =
        owners.of(ring.get(JAVA_INT, at + RETURN_SLOT), ring.get(JAVA_INT, at + RETURN_VERSION));
    if (owner == null) {
      ownerless.increment();
      return null;
    }
    return new KernelRecord.Return(
        header(ring, at),
        owner.policy(),
        owner.hook(),
        owner.edition(),
        ring.get(JAVA_LONG, at + RETURN_ENTRY_TIME),
        ring.get(JAVA_LONG, at + RETURN_VALUE));
  }

  private static byte[] bytes(MemorySegment ring, long at, int size) {
    if (size == 0) {
      return NO_BYTES;
    }
    var copy = new byte[size];
    MemorySegment.copy(ring, JAVA_BYTE, at, copy, 0, size);
    return copy;
  }

  private static int u8(MemorySegment ring, long at) {
    return Byte.toUnsignedInt(ring.get(JAVA_BYTE, at));
  }

  private static int u16(MemorySegment ring, long at) {
    return Short.toUnsignedInt(ring.get(JAVA_SHORT, at));
  }

  private static long u32(MemorySegment ring, long at) {
    return Integer.toUnsignedLong(ring.get(JAVA_INT, at));
  }

  private static ArgumentKind[] kindsByCode() {
    int highest = Arrays.stream(ArgumentKind.values()).mapToInt(ArgumentKind::code).max().orElse(0);
    var kinds = new ArgumentKind[highest + 1];
    Arrays.fill(kinds, ArgumentKind.LONG); // code 0 is refused before anybody looks
    for (var kind : ArgumentKind.values()) {
      kinds[kind.code()] = kind;
    }
    return kinds;
  }
}
