package dev.skep.bpf.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.NativeFunction.Returns;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what libbpf hands to the kernel beside a program's instructions. Only a handler of the
 * program's section is shown it, so one is registered until this is closed, which is after the
 * object that was opened meanwhile; no other object may have programs of this section by then.
 */
@SuppressWarnings("restricted") // native code is what this package is for
final class LoadCapture implements AutoCloseable {
  private static final NativeFunction REGISTER =
      NativeFunction.libbpf("libbpf_register_prog_handler", Returns.STATUS);
  private static final NativeFunction UNREGISTER =
      NativeFunction.libbpf("libbpf_unregister_prog_handler", Returns.STATUS);
  private static final NativeFunction SECTION =
      NativeFunction.libbpf("bpf_program__section_name", Returns.POINTER);
  private static final NativeFunction TYPE =
      NativeFunction.libbpf("bpf_program__type", Returns.ANYTHING);
  private static final NativeFunction ATTACH_TYPE =
      NativeFunction.libbpf("bpf_program__expected_attach_type", Returns.ANYTHING);
  private static final NativeFunction FIND_TYPE_ID =
      NativeFunction.libbpf("libbpf_find_vmlinux_btf_id", Returns.STATUS);

  private static final int TRACING = 26; // BPF_PROG_TYPE_*
  private static final int LSM = 29;
  private static final int NAME_BYTES_MAX = 256;

  // struct libbpf_prog_handler_opts: sz, cookie and three functions.
  private static final long HANDLER_BYTES = 40;
  private static final long HANDLER_PREPARE = 24;

  /** What is captured on this thread: an upcall knows no object. */
  private static final ThreadLocal<@Nullable LoadCapture> CURRENT = new ThreadLocal<>();

  private final Arena arena;
  private final int attachTypeId;
  private @Nullable LoadOptions options;
  private int handler = -1;

  private LoadCapture(Arena arena, int attachTypeId) {
    this.arena = arena;
    this.attachTypeId = attachTypeId;
  }

  /**
   * @param arena of what is captured
   */
  static LoadCapture of(byte[] elf, String objectName, String program, Arena arena)
      throws BpfException {
    String section;
    int type;
    int attachType;
    try (var object = BpfObject.open(elf, objectName)) {
      long its = object.program(program).address();
      section = MemorySegment.ofAddress(SECTION.call(its)).reinterpret(NAME_BYTES_MAX).getString(0);
      type = (int) TYPE.call(its);
      attachType = (int) ATTACH_TYPE.call(its);
    }
    var capture = new LoadCapture(arena, attachTypeId(section, type, attachType));
    capture.handler = register(section, type, attachType);
    CURRENT.set(capture);
    return capture;
  }

  /** Of the kernel's type that the program attaches to, which libbpf's own handler would find. */
  private static int attachTypeId(String section, int type, int attachType) throws BpfException {
    if (type != TRACING && type != LSM) {
      return 0;
    }
    try (var names = Arena.ofConfined()) {
      var target = section.substring(section.lastIndexOf('/') + 1);
      long id = FIND_TYPE_ID.call(names.allocateFrom(target).address(), attachType);
      return (int) FIND_TYPE_ID.orThrow(id, target);
    }
  }

  private static int register(String section, int type, int attachType) throws BpfException {
    Prepare.keepOne();
    try (var its = Arena.ofConfined()) {
      var how = its.allocate(HANDLER_BYTES, Long.BYTES);
      how.set(JAVA_LONG, 0, HANDLER_BYTES);
      how.set(JAVA_LONG, HANDLER_PREPARE, Prepare.STUB.address());
      long registered =
          REGISTER.call(its.allocateFrom(section).address(), type, attachType, how.address());
      return (int) REGISTER.orThrow(registered, section);
    }
  }

  /** After the object was loaded; whoever takes them closes them. */
  LoadOptions take() throws BpfException {
    var captured = options;
    options = null;
    if (captured == null) {
      throw new BpfException("mold", 0, "libbpf did not show how it loads a program");
    }
    return captured;
  }

  @Override
  public void close() {
    CURRENT.remove();
    UNREGISTER.call(handler);
    if (options != null) {
      options.close();
    }
  }

  @SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // libbpf calls it, and says more
  private static int prepare(MemorySegment program, MemorySegment loadOptions, long cookie) {
    try {
      var capture = CURRENT.get();
      if (capture != null) {
        LoadOptions.setAttachTypeId(loadOptions, capture.attachTypeId);
        capture.options = LoadOptions.copy(loadOptions, capture.arena);
      }
    } catch (Throwable e) {
      // An exception that left an upcall would end the whole VM; take() tells that none came.
      return 0;
    }
    return 0;
  }

  private static final class Prepare {
    static final MemorySegment STUB = stub();

    /** No object has it. */
    private static final String SECTION = "skep";

    private static boolean kept;

    /**
     * libbpf 1.1 goes on with memory that it has freed when its last handler is gone: one stays for
     * ever.
     */
    static synchronized void keepOne() throws BpfException {
      if (!kept) {
        kept = true;
        register(SECTION, TRACING, 0);
      }
    }

    private static MemorySegment stub() {
      try {
        var target =
            MethodHandles.lookup()
                .findStatic(
                    LoadCapture.class,
                    "prepare",
                    MethodType.methodType(
                        int.class, MemorySegment.class, MemorySegment.class, long.class));
        return Linker.nativeLinker()
            .upcallStub(
                target,
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG),
                Arena.global());
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("libbpf's options cannot be seen", e);
      }
    }
  }
}
