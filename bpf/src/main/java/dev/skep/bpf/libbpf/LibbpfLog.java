package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * libbpf's log. All of it goes to ours at trace level; warnings, the verifier's log among them, are
 * also kept for the error that the calling thread is about to throw, for libbpf tells the reason
 * nowhere else.
 */
@SuppressWarnings("restricted") // native code is what this package is for
final class LibbpfLog {
  private static final Logger LOG = LoggerFactory.getLogger(LibbpfLog.class);
  private static final NativeFunction SET_PRINT =
      NativeFunction.libbpf("libbpf_set_print", Returns.ANYTHING);
  private static final NativeFunction VSNPRINTF =
      NativeFunction.libc("vsnprintf", Returns.LIBC_INT);

  private static final int WARNING = 0;

  /** The verifier's log of one program may have megabytes; its end tells what was wrong. */
  private static final int KEPT_CHARS = 64 * 1024;

  private static final int LINE_BYTES = 1 << 20;
  private static final ThreadLocal<StringBuilder> WARNINGS =
      ThreadLocal.withInitial(StringBuilder::new);

  private LibbpfLog() {}

  /** Before libbpf's first call. Again does nothing. */
  static void install() {
    Installed.ensure();
  }

  /** What libbpf warned of on this thread since the last call, most recent end; then forgets. */
  static String takeWarnings() {
    var warnings = WARNINGS.get();
    var text = warnings.toString().strip();
    WARNINGS.remove();
    return text;
  }

  /** The va_list is handed on as the pointer it is on x86-64 and, by reference, on aarch64. */
  @SuppressWarnings("UnusedMethod") // libbpf calls it
  private static int print(int level, MemorySegment format, MemorySegment arguments) {
    if (level > WARNING && !LOG.isTraceEnabled()) {
      return 0; // thousands of lines for each object
    }
    try (var arena = Arena.ofConfined()) {
      var buffer = arena.allocate(LINE_BYTES);
      long length =
          VSNPRINTF.call(
              buffer.address(), buffer.byteSize(), format.address(), arguments.address());
      var size = Math.clamp(length, 0, LINE_BYTES - 1);
      // Not getString: paths and verifier logs may hold what is not UTF-8.
      var line =
          new String(
              buffer.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
      if (level == WARNING) {
        var warnings = WARNINGS.get().append(line);
        if (warnings.length() > KEPT_CHARS) {
          warnings.delete(0, warnings.length() - KEPT_CHARS);
        }
      }
      LOG.trace("{}", line.strip());
    } catch (Throwable e) {
      // An exception that left an upcall would end the whole VM.
      LOG.warn("a line of libbpf's log is lost", e);
    }
    return 0;
  }

  private static final class Installed {
    static {
      try {
        var target =
            MethodHandles.lookup()
                .findStatic(
                    LibbpfLog.class,
                    "print",
                    MethodType.methodType(
                        int.class, int.class, MemorySegment.class, MemorySegment.class));
        var stub =
            Linker.nativeLinker()
                .upcallStub(
                    target,
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS),
                    Arena.global());
        SET_PRINT.call(stub.address());
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("libbpf's log cannot be received", e);
      }
    }

    static void ensure() {}
  }
}
