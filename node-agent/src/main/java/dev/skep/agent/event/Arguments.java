package dev.skep.agent.event;

import dev.skep.agent.event.WatchedPolicy.WatchedHook;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.KernelRecord;
import dev.skep.bpf.NetworkFacts;
import dev.skep.events.Argument;
import dev.skep.events.Bytes;
import dev.skep.events.KernelText;
import dev.skep.policy.Hook.ArgumentType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Arguments as the kernel read them, in the words of the event. */
final class Arguments {
  private static final String PATH_CUT = "unresolvedPathComponents";
  private static final long NETWORK_BYTES = 200;
  private static final long IS_32BIT = 0x8000_0000L;

  private Arguments() {}

  static List<Argument> of(List<KernelRecord.Argument> read, WatchedHook hook) {
    if (hook.tellsCalls()) {
      return ofAnyCall(read, hook);
    }
    var told = new Argument[read.size()];
    for (int i = 0; i < told.length; i++) {
      told[i] = of(read.get(i), hook.label(i));
    }
    return Arrays.asList(told);
  }

  /** What a system call was given is told as numbers. */
  private static List<Argument> ofAnyCall(List<KernelRecord.Argument> read, WatchedHook hook) {
    var told = new ArrayList<Argument>();
    for (int i = 0; i < read.size(); i++) {
      var argument = read.get(i);
      if (argument.kind() == ArgumentKind.CONST_BUF && !argument.unreadable()) {
        var numbers = ByteBuffer.wrap(argument.bytes()).order(ByteOrder.nativeOrder());
        while (numbers.remaining() >= Long.BYTES) {
          told.add(new Argument.SizeArg(numbers.getLong(), hook.label(i)));
        }
      } else {
        told.add(of(argument, hook.label(i)));
      }
    }
    return told;
  }

  private static Argument of(KernelRecord.Argument read, String label) {
    return switch (read.kind()) {
      case INT8, INT16, INT -> new Argument.IntArg((int) read.value(), label);
      case UINT8, UINT16, UINT32 -> new Argument.UintArg((int) read.value(), label);
      case LONG -> new Argument.LongArg(read.value(), label);
      case SIZE -> new Argument.SizeArg(read.value(), label);
      case FD ->
          read.unreadable()
              ? new Argument.ErrorArg("no file behind descriptor " + (int) read.value(), label)
              : new Argument.FileArg("", text(read), flags(read), permission(read), label);
      case FILE ->
          read.unreadable()
              ? noPath(label)
              : new Argument.FileArg("", text(read), flags(read), permission(read), label);
      case PATH, DENTRY ->
          read.unreadable()
              ? noPath(label)
              : new Argument.PathArg("", text(read), flags(read), permission(read), label);
      case BINPRM ->
          read.unreadable()
              ? noPath(label)
              : new Argument.LinuxBinprmArg(text(read), flags(read), permission(read), label);
      case SYSCALL64 ->
          new Argument.SyscallArg(
              (int) (read.value() & ~IS_32BIT),
              (read.value() & IS_32BIT) == 0 ? "x64" : "i386",
              label);
      case STRING, FILENAME, DATA_LOC ->
          read.unreadable()
              ? new Argument.ErrorArg("text not readable", label)
              : new Argument.StringArg(text(read), label);
      case CHAR_BUF, CONST_BUF -> {
        if (read.unreadable()) {
          yield new Argument.ErrorArg("buffer not readable", label);
        }
        var bytes = Bytes.owning(read.bytes());
        yield read.truncated()
            ? new Argument.TruncatedBytesArg(bytes, read.value(), label)
            : new Argument.BytesArg(bytes, label);
      }
      case SOCK, SOCKET, SKB, SOCKADDR ->
          read.unreadable()
              ? new Argument.ErrorArg("no socket, packet or address there", label)
              : NetworkArguments.of(read.kind(), NetworkFacts.of(read.bytes()), label);
      case SOCKADDR_UN ->
          read.unreadable()
              ? new Argument.ErrorArg("no address of a unix socket", label)
              : new Argument.SockaddrUnArg("AF_UNIX", text(read), label);
      case NET_DEVICE ->
          read.unreadable()
              ? new Argument.ErrorArg("device not readable", label)
              : new Argument.NetDevArg(text(read), label);
    };
  }

  private static Argument noPath(String label) {
    return new Argument.ErrorArg("path not readable", label);
  }

  private static String flags(KernelRecord.Argument read) {
    return read.truncated() ? PATH_CUT : "";
  }

  private static String permission(KernelRecord.Argument read) {
    return FileMode.text((int) (read.value() >>> Integer.SIZE));
  }

  /** What a call returned; only numbers are asked for. */
  static Argument returned(long value, @Nullable ArgumentType type, String label) {
    return switch (type) {
      case null -> new Argument.LongArg(value, label);
      case INT8 -> new Argument.IntArg((byte) value, label);
      case UINT8 -> new Argument.UintArg((int) value & 0xff, label);
      case INT16 -> new Argument.IntArg((short) value, label);
      case UINT16 -> new Argument.UintArg((int) value & 0xffff, label);
      case INT, FD -> new Argument.IntArg((int) value, label);
      case UINT32 -> new Argument.UintArg((int) value, label);
      case SIZE -> new Argument.SizeArg(value, label);
      default -> new Argument.LongArg(value, label);
    };
  }

  /** The path of the first file among the arguments; null if there is none. */
  static @Nullable String path(List<KernelRecord.Argument> read) {
    for (var argument : read) {
      if (argument.kind().isPath() && !argument.unreadable()) {
        return text(argument);
      }
    }
    return null;
  }

  /** About what they take in memory. */
  static long bytes(List<Argument> arguments) {
    long bytes = 0;
    for (var argument : arguments) {
      bytes +=
          switch (argument) {
            case Argument.StringArg(var text, _) -> 2L * text.length();
            case Argument.FileArg(_, var path, _, _, _) -> 2L * path.length();
            case Argument.PathArg(_, var path, _, _, _) -> 2L * path.length();
            case Argument.LinuxBinprmArg(var path, _, _, _) -> 2L * path.length();
            case Argument.BytesArg(var value, _) -> value.length();
            case Argument.TruncatedBytesArg(var value, _, _) -> value.length();
            case Argument.SockaddrUnArg(_, var path, _) -> 2L * path.length();
            case Argument.SockArg _, Argument.SkbArg _, Argument.SockaddrArg _ -> NETWORK_BYTES;
            case Argument.IntArg _,
                Argument.UintArg _,
                Argument.SizeArg _,
                Argument.LongArg _,
                Argument.NetDevArg _,
                Argument.SyscallArg _,
                Argument.ErrorArg _ ->
                0;
          };
    }
    return bytes;
  }

  private static String text(KernelRecord.Argument read) {
    return KernelText.of(read.bytes(), 0, read.bytes().length);
  }
}
