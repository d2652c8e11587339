package dev.skep.bpf.ring;

import static dev.skep.bpf.layout.Structs.offset;
import static dev.skep.bpf.ring.Fields.bytes;
import static dev.skep.bpf.ring.Fields.header;
import static dev.skep.bpf.ring.Fields.i32;
import static dev.skep.bpf.ring.Fields.i64;
import static dev.skep.bpf.ring.Fields.u16;
import static dev.skep.bpf.ring.Fields.u32;
import static dev.skep.bpf.ring.Fields.u8;

import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Action;
import dev.skep.bpf.KernelRecord.Argument;
import dev.skep.bpf.KernelRecord.Following;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
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

  private static final int DATA = 6;
  private static final int THROTTLE = 7;
  private static final int CGROUP_MADE = 8;
  private static final int CGROUP_GONE = 9;

  private static final long KIND = offset(Structs.RECORD_HEADER, "kind");

  private static final long HOOK_BYTES = Structs.HOOK_RECORD.byteSize();
  private static final long HOOK_SLOT = offset(Structs.HOOK_RECORD, "slot");
  private static final long HOOK_POINT = offset(Structs.HOOK_RECORD, "point");
  private static final long HOOK_SELECTOR = offset(Structs.HOOK_RECORD, "selector");
  private static final long HOOK_ACTION = offset(Structs.HOOK_RECORD, "action");
  private static final long HOOK_VERSION = offset(Structs.HOOK_RECORD, "version");
  private static final long HOOK_SIGNAL = offset(Structs.HOOK_RECORD, "signal");
  private static final long HOOK_FLAGS = offset(Structs.HOOK_RECORD, "flags");
  private static final long HOOK_ARGUMENT_COUNT = offset(Structs.HOOK_RECORD, "argument_count");
  private static final long HOOK_SHARE = offset(Structs.HOOK_RECORD, "share");
  private static final int HOOK_RETURN_FOLLOWS = 1;
  private static final int HOOK_DECIDED_AT_RETURN = 2;

  private static final long ARGUMENT_BYTES = Structs.ARGUMENT_HEADER.byteSize();
  private static final long ARGUMENT_KIND = offset(Structs.ARGUMENT_HEADER, "kind");
  private static final long ARGUMENT_INDEX = offset(Structs.ARGUMENT_HEADER, "index");
  private static final long ARGUMENT_FLAGS = offset(Structs.ARGUMENT_HEADER, "flags");
  private static final long ARGUMENT_SIZE = offset(Structs.ARGUMENT_HEADER, "size");
  private static final long ARGUMENT_VALUE = offset(Structs.ARGUMENT_HEADER, "value");
  private static final int ARGUMENT_TRUNCATED = 1;
  private static final int ARGUMENT_UNREADABLE = 2;

  private static final long NETWORK_BYTES = Structs.NETWORK.byteSize();

  private static final long RETURN_BYTES = Structs.RETURN_RECORD.byteSize();
  private static final long RETURN_SLOT = offset(Structs.RETURN_RECORD, "slot");
  private static final long RETURN_VERSION = offset(Structs.RETURN_RECORD, "version");
  private static final long RETURN_ENTRY_TIME = offset(Structs.RETURN_RECORD, "entry_time");
  private static final long RETURN_VALUE = offset(Structs.RETURN_RECORD, "value");
  private static final long RETURN_SELECTOR = offset(Structs.RETURN_RECORD, "selector");
  private static final long RETURN_ACTION = offset(Structs.RETURN_RECORD, "action");
  private static final long RETURN_SIGNAL = offset(Structs.RETURN_RECORD, "signal");

  private static final Action[] ACTIONS = Action.values();

  /** By code; null: no kind has it. */
  private static final @Nullable ArgumentKind[] KINDS = kindsByCode();

  private final HookOwners owners;
  private final IntFunction<String> functions;
  private final RingShares shares;
  private final ProcessDecoder processes = new ProcessDecoder();
  private final LongAdder malformed = new LongAdder();
  private final LongAdder ownerless = new LongAdder();

  /**
   * @param functions of the kernel, and tracepoints, by their points
   */
  public RecordDecoder(HookOwners owners, IntFunction<String> functions, RingShares shares) {
    this.owners = owners;
    this.functions = functions;
    this.shares = shares;
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
   * can be told, which is counted, or if it is a part of one that is to come. Copies what it keeps.
   */
  public @Nullable KernelRecord decode(MemorySegment ring, long at, long size) {
    if (size < Fields.HEADER_BYTES) {
      return malformedRecord();
    }
    long claimed = u32(ring, at);
    int kind = u16(ring, at + KIND);
    if (claimed > size || claimed < leastBytes(kind)) {
      return malformedRecord();
    }
    return switch (kind) {
      case FORK -> processes.fork(ring, at);
      case EXEC -> wellFormed(processes.exec(ring, at, claimed));
      case EXIT -> processes.exit(ring, at);
      case HOOK -> {
        shares.read(u32(ring, at + HOOK_SHARE), size);
        yield hook(ring, at, claimed);
      }
      case RETURN -> returned(ring, at);
      case DATA -> processes.keepChunk(ring, at, claimed) ? null : malformedRecord();
      case THROTTLE -> processes.throttle(ring, at);
      case CGROUP_MADE -> wellFormed(CgroupDecoder.made(ring, at, claimed));
      case CGROUP_GONE -> CgroupDecoder.gone(ring, at);
      default -> malformedRecord();
    };
  }

  private static long leastBytes(int kind) {
    return switch (kind) {
      case FORK -> ProcessDecoder.FORK_BYTES;
      case EXEC -> ProcessDecoder.EXEC_BYTES;
      case EXIT -> ProcessDecoder.EXIT_BYTES;
      case HOOK -> HOOK_BYTES;
      case RETURN -> RETURN_BYTES;
      case DATA -> ProcessDecoder.DATA_BYTES;
      case THROTTLE -> ProcessDecoder.THROTTLE_BYTES;
      case CGROUP_MADE, CGROUP_GONE -> CgroupDecoder.BYTES;
      default -> Fields.HEADER_BYTES;
    };
  }

  private @Nullable KernelRecord wellFormed(@Nullable KernelRecord decoded) {
    return decoded == null ? malformedRecord() : decoded;
  }

  private @Nullable KernelRecord malformedRecord() {
    malformed.increment();
    return null;
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
      var kind = kind(u8(ring, begin + ARGUMENT_KIND));
      next += ARGUMENT_BYTES;
      if (length > size - next || kind == null) {
        return malformedRecord();
      }
      int flags = u8(ring, begin + ARGUMENT_FLAGS);
      arguments[i] =
          new Argument(
              kind,
              u8(ring, begin + ARGUMENT_INDEX),
              (flags & ARGUMENT_TRUNCATED) != 0,
              (flags & ARGUMENT_UNREADABLE) != 0,
              i64(ring, begin + ARGUMENT_VALUE),
              bytes(ring, begin + ARGUMENT_BYTES, (int) length));
      if (kind.isNetwork() && !arguments[i].unreadable() && length < NETWORK_BYTES) {
        return malformedRecord();
      }
      next += (length + Long.BYTES - 1) & -Long.BYTES;
    }
    var owner = owners.of(i32(ring, at + HOOK_SLOT), i32(ring, at + HOOK_VERSION));
    if (owner == null) {
      ownerless.increment();
      return null;
    }
    int point = u16(ring, at + HOOK_POINT);
    return new KernelRecord.Hook(
        header(ring, at),
        owner.policy(),
        owner.hook(),
        owner.edition(),
        point,
        point < Structs.SYSCALLS_MAX ? "" : functions.apply(point),
        u8(ring, at + HOOK_SELECTOR),
        ACTIONS[action],
        u16(ring, at + HOOK_SIGNAL),
        following(u8(ring, at + HOOK_FLAGS)),
        List.of(arguments));
  }

  private static Following following(int flags) {
    if ((flags & HOOK_RETURN_FOLLOWS) == 0) {
      return Following.NOTHING;
    }
    return (flags & HOOK_DECIDED_AT_RETURN) == 0 ? Following.VALUE : Following.DECISION;
  }

  private @Nullable KernelRecord returned(MemorySegment ring, long at) {
    int action = u8(ring, at + RETURN_ACTION);
    if (action > ACTIONS.length) {
      return malformedRecord();
    }
    var owner = owners.of(i32(ring, at + RETURN_SLOT), i32(ring, at + RETURN_VERSION));
    if (owner == null) {
      ownerless.increment();
      return null;
    }
    return new KernelRecord.Return(
        header(ring, at),
        owner.policy(),
        owner.hook(),
        owner.edition(),
        i64(ring, at + RETURN_ENTRY_TIME),
        i64(ring, at + RETURN_VALUE),
        u8(ring, at + RETURN_SELECTOR),
        action == 0 ? null : ACTIONS[action - 1],
        u16(ring, at + RETURN_SIGNAL));
  }

  private static @Nullable ArgumentKind kind(int code) {
    return code < KINDS.length ? KINDS[code] : null;
  }

  private static @Nullable ArgumentKind[] kindsByCode() {
    int highest = Arrays.stream(ArgumentKind.values()).mapToInt(ArgumentKind::code).max().orElse(0);
    var kinds = new @Nullable ArgumentKind[highest + 1];
    for (var kind : ArgumentKind.values()) {
      kinds[kind.code()] = kind;
    }
    return kinds;
  }
}
