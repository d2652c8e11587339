package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * One C function. All are called with seven longs, for each distinct shape costs 4 to 5 ms at
 * start. In the C ABIs of 64-bit Linux (x86-64, aarch64) integers and pointers are passed alike,
 * the caller cleans up, and a function looks at those arguments alone that it has parameters for.
 * No variadic functions but {@code syscall}, no floating point.
 *
 * <p>Any thread.
 */
@SuppressWarnings("restricted") // native code is what this package is for
record NativeFunction(String name, Returns returns, MethodHandle handle) {

  /** How a function says that it failed. */
  enum Returns {
    /** An int below 0 is -errno: what libbpf does since 1.0. */
    STATUS,
    /** NULL, and errno is set. */
    POINTER,
    /** An int; -1, and errno is set. */
    LIBC_INT,
    /** A pointer; -1, and errno is set: mmap. */
    LIBC_POINTER,
    /** It cannot fail, or NULL is a good answer. */
    ANYTHING
  }

  private static final String LIBRARY = "libbpf.so.1";
  private static final FunctionDescriptor SEVEN_LONGS =
      FunctionDescriptor.of(
          JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");

  /** A confined arena per call costs some 100 ns: nothing here is called per event. */
  private static final long CAPTURE_SIZE = Linker.Option.captureStateLayout().byteSize();

  static NativeFunction libbpf(String name, Returns returns) {
    return of(SymbolLookup.libraryLookup(LIBRARY, Arena.global()), name, returns);
  }

  static NativeFunction libc(String name, Returns returns) {
    return of(LINKER.defaultLookup(), name, returns);
  }

  /**
   * Looks for the library before anything depends on it, for in a static initialiser its absence
   * would be an unreadable error.
   */
  static void requireLibbpf() throws BpfException {
    try {
      SymbolLookup.libraryLookup(LIBRARY, Arena.global());
    } catch (IllegalArgumentException _) {
      throw new BpfException(
          "dlopen", 0, LIBRARY + " cannot be loaded; install it (Debian package libbpf1)");
    }
  }

  private static NativeFunction of(SymbolLookup library, String name, Returns returns) {
    var handle = LINKER.downcallHandle(library.findOrThrow(name), SEVEN_LONGS, CAPTURE_ERRNO);
    return new NativeFunction(name, returns, handle);
  }

  long call(long a) {
    return call(a, 0, 0, 0, 0, 0, 0);
  }

  long call(long a, long b) {
    return call(a, b, 0, 0, 0, 0, 0);
  }

  long call(long a, long b, long c) {
    return call(a, b, c, 0, 0, 0, 0);
  }

  long call(long a, long b, long c, long d) {
    return call(a, b, c, d, 0, 0, 0);
  }

  long call(long a, long b, long c, long d, long e, long f) {
    return call(a, b, c, d, e, f, 0);
  }

  /** The function's result, or -errno if it failed. */
  long call(long a, long b, long c, long d, long e, long f, long g) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURE_SIZE, ADDRESS.byteAlignment());
      long result = (long) handle.invokeExact(state, a, b, c, d, e, f, g);
      return switch (returns) {
        case STATUS -> (int) result;
        case POINTER -> result == 0 ? -errno(state) : result;
        case LIBC_INT -> (int) result == -1 ? -errno(state) : (int) result;
        case LIBC_POINTER -> result == -1 ? -errno(state) : result;
        case ANYTHING -> result;
      };
    } catch (Throwable thrown) {
      throw new AssertionError(name + " has another shape than declared", thrown);
    }
  }

  /** {@code result}, unless it is an error. */
  long orThrow(long result, String triedOn) throws BpfException {
    if (result < 0) {
      throw new BpfException(name, (int) -result, triedOn);
    }
    return result;
  }

  private static int errno(MemorySegment state) {
    // The one captured value, the first and only member of the state.
    return state.get(JAVA_INT, 0);
  }
}
