package dev.skep.bpf.ring;

import static dev.skep.bpf.layout.Structs.offset;
import static dev.skep.bpf.ring.Fields.bytes;
import static dev.skep.bpf.ring.Fields.header;
import static dev.skep.bpf.ring.Fields.i32;
import static dev.skep.bpf.ring.Fields.i64;
import static dev.skep.bpf.ring.Fields.key;
import static dev.skep.bpf.ring.Fields.namespaces;
import static dev.skep.bpf.ring.Fields.u16;
import static dev.skep.bpf.ring.Fields.u32;

import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.KernelRecord.Credentials;
import dev.skep.bpf.KernelRecord.Exec;
import dev.skep.bpf.KernelRecord.Executable;
import dev.skep.bpf.KernelRecord.Exit;
import dev.skep.bpf.KernelRecord.Fork;
import dev.skep.bpf.KernelRecord.Throttle;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Records of the life of processes. Long texts come in chunks before their exec record and are put
 * together here. One thread.
 */
final class ProcessDecoder {
  static final long FORK_BYTES = Structs.FORK_RECORD.byteSize();
  static final long EXEC_BYTES = Structs.EXEC_RECORD.byteSize();
  static final long EXIT_BYTES = Structs.EXIT_RECORD.byteSize();
  static final long DATA_BYTES = Structs.DATA_RECORD.byteSize();
  static final long THROTTLE_BYTES = Structs.THROTTLE_RECORD.byteSize();

  private static final int DATA_ARGUMENTS = 1;
  private static final int DATA_ENVIRONMENT = 2;

  private static final long FORK_PARENT = offset(Structs.FORK_RECORD, "parent");
  private static final long FORK_PARENT_BEGAN = offset(Structs.FORK_RECORD, "parent_began");
  private static final long FORK_NAMESPACE_PID = offset(Structs.FORK_RECORD, "namespace_pid");
  private static final long FORK_FLAGS = offset(Structs.FORK_RECORD, "flags");

  private static final long EXEC_PARENT = offset(Structs.EXEC_RECORD, "parent");
  private static final long EXEC_PARENT_BEGAN = offset(Structs.EXEC_RECORD, "parent_began");
  private static final long EXEC_NAMESPACE_PID = offset(Structs.EXEC_RECORD, "namespace_pid");
  private static final long EXEC_LOGIN_UID = offset(Structs.EXEC_RECORD, "login_uid");
  private static final long EXEC_FLAGS = offset(Structs.EXEC_RECORD, "flags");
  private static final long EXEC_PATH_SIZE = offset(Structs.EXEC_RECORD, "path_size");
  private static final long EXEC_CWD_SIZE = offset(Structs.EXEC_RECORD, "cwd_size");
  private static final long EXEC_ARGUMENTS_SIZE = offset(Structs.EXEC_RECORD, "arguments_size");
  private static final long EXEC_ENVIRONMENT_SIZE = offset(Structs.EXEC_RECORD, "environment_size");
  private static final long EXEC_CREDENTIALS = offset(Structs.EXEC_RECORD, "credentials");
  private static final long EXEC_NAMESPACES = offset(Structs.EXEC_RECORD, "namespaces");
  private static final long EXEC_EXECUTABLE = offset(Structs.EXEC_RECORD, "executable");
  private static final int IN_DATA =
      Structs.EXEC_ARGUMENTS_IN_DATA | Structs.EXEC_ENVIRONMENT_IN_DATA;

  private static final long SECURE_BITS = offset(Structs.CREDENTIALS, "secure_bits");
  private static final long USER_LEVEL = offset(Structs.CREDENTIALS, "user_level");
  private static final long USER_OWNER = offset(Structs.CREDENTIALS, "user_owner");
  private static final long USER_GROUP = offset(Structs.CREDENTIALS, "user_group");
  private static final long PERMITTED = offset(Structs.CREDENTIALS, "capabilities.permitted");
  private static final long EFFECTIVE = offset(Structs.CREDENTIALS, "capabilities.effective");
  private static final long INHERITABLE = offset(Structs.CREDENTIALS, "capabilities.inheritable");

  private static final long DEVICE = offset(Structs.EXECUTABLE, "device");
  private static final long INODE = offset(Structs.EXECUTABLE, "inode");
  private static final long LINKS = offset(Structs.EXECUTABLE, "links");
  private static final long SETUID = offset(Structs.EXECUTABLE, "setuid");
  private static final long SETGID = offset(Structs.EXECUTABLE, "setgid");

  private static final long EXIT_CODE = offset(Structs.EXIT_RECORD, "code");
  private static final long DATA_OFFSET = offset(Structs.DATA_RECORD, "offset");
  private static final long DATA_TEXT = offset(Structs.DATA_RECORD, "text");

  private final LongTexts texts = new LongTexts();

  Fork fork(MemorySegment ring, long at) {
    return new Fork(
        header(ring, at),
        key(ring, at + FORK_PARENT),
        i64(ring, at + FORK_PARENT_BEGAN),
        i32(ring, at + FORK_NAMESPACE_PID),
        (i32(ring, at + FORK_FLAGS) & Structs.PROCESS_IN_INIT_TREE) != 0);
  }

  Exit exit(MemorySegment ring, long at) {
    return new Exit(header(ring, at), i32(ring, at + EXIT_CODE));
  }

  Throttle throttle(MemorySegment ring, long at) {
    return new Throttle(header(ring, at));
  }

  /** False if it is malformed. */
  boolean keepChunk(MemorySegment ring, long at, long size) {
    long chunk = size - DATA_BYTES;
    long offset = u32(ring, at + DATA_OFFSET);
    int kind = i32(ring, at + DATA_TEXT);
    if (chunk > Structs.DATA_CHUNK_BYTES
        || offset + chunk > Structs.LONG_TEXT_MAX
        || (kind != DATA_ARGUMENTS && kind != DATA_ENVIRONMENT)) {
      return false;
    }
    texts.add(textKey(ring, at, kind), offset, ring, at + DATA_BYTES, (int) chunk);
    return true;
  }

  private static LongTexts.Key textKey(MemorySegment ring, long at, int kind) {
    return new LongTexts.Key(key(ring, at + Fields.PROCESS), i64(ring, at + Fields.TIME), kind);
  }

  /** Null if it is malformed. */
  @Nullable KernelRecord exec(MemorySegment ring, long at, long size) {
    int flags = i32(ring, at + EXEC_FLAGS);
    int path = u16(ring, at + EXEC_PATH_SIZE);
    int cwd = u16(ring, at + EXEC_CWD_SIZE);
    long argumentsSize = u32(ring, at + EXEC_ARGUMENTS_SIZE);
    long environmentSize = u32(ring, at + EXEC_ENVIRONMENT_SIZE);
    boolean argumentsInData = (flags & Structs.EXEC_ARGUMENTS_IN_DATA) != 0;
    boolean environmentInData = (flags & Structs.EXEC_ENVIRONMENT_IN_DATA) != 0;
    long inlineArguments = argumentsInData ? 0 : argumentsSize;
    long inlineEnvironment = environmentInData ? 0 : environmentSize;
    if (path + cwd + inlineArguments + inlineEnvironment > size - EXEC_BYTES
        || Math.max(argumentsSize, environmentSize) > Structs.LONG_TEXT_MAX) {
      return null;
    }
    long inline = at + EXEC_BYTES + path + cwd;
    var arguments =
        argumentsInData
            ? texts.take(textKey(ring, at, DATA_ARGUMENTS), (int) argumentsSize)
            : bytes(ring, inline, (int) argumentsSize);
    var environment =
        environmentInData
            ? texts.take(textKey(ring, at, DATA_ENVIRONMENT), (int) environmentSize)
            : bytes(ring, inline + inlineArguments, (int) environmentSize);
    flags |=
        missing(arguments, argumentsSize, Exec.TRUNCATED_ARGUMENTS, Exec.UNREADABLE_ARGUMENTS)
            | missing(
                environment,
                environmentSize,
                Exec.TRUNCATED_ENVIRONMENT,
                Exec.UNREADABLE_ENVIRONMENT);
    return new Exec(
        header(ring, at),
        key(ring, at + EXEC_PARENT),
        i64(ring, at + EXEC_PARENT_BEGAN),
        i32(ring, at + EXEC_NAMESPACE_PID),
        i32(ring, at + EXEC_LOGIN_UID),
        flags & ~IN_DATA,
        bytes(ring, at + EXEC_BYTES, path),
        bytes(ring, at + EXEC_BYTES + path, cwd),
        arguments,
        environment,
        credentials(ring, at + EXEC_CREDENTIALS),
        namespaces(ring, at + EXEC_NAMESPACES),
        executable(ring, at + EXEC_EXECUTABLE));
  }

  /** Which flag says that chunks were lost. */
  private static int missing(byte[] text, long size, int truncated, int unreadable) {
    if (text.length == size) {
      return 0;
    }
    return text.length > 0 ? truncated : unreadable;
  }

  /** The eight ids come first, in the order of the record. */
  private static Credentials credentials(MemorySegment ring, long at) {
    return new Credentials(
        i32(ring, at),
        i32(ring, at + Integer.BYTES),
        i32(ring, at + 2 * Integer.BYTES),
        i32(ring, at + 3 * Integer.BYTES),
        i32(ring, at + 4 * Integer.BYTES),
        i32(ring, at + 5 * Integer.BYTES),
        i32(ring, at + 6 * Integer.BYTES),
        i32(ring, at + 7 * Integer.BYTES),
        i32(ring, at + SECURE_BITS),
        i64(ring, at + PERMITTED),
        i64(ring, at + EFFECTIVE),
        i64(ring, at + INHERITABLE),
        i32(ring, at + USER_LEVEL),
        i32(ring, at + USER_OWNER),
        i32(ring, at + USER_GROUP));
  }

  private static Executable executable(MemorySegment ring, long at) {
    return new Executable(
        i64(ring, at + DEVICE),
        i64(ring, at + INODE),
        i32(ring, at + LINKS),
        i32(ring, at + SETUID),
        i32(ring, at + SETGID));
  }
}
