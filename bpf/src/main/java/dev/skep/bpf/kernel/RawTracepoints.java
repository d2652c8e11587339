package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.KernelFunction;
import dev.skep.bpf.layout.Structs;
import dev.skep.bpf.libbpf.BpfObject;
import dev.skep.bpf.libbpf.KernelTypes;

/** A dispatcher for each raw tracepoint that hooks sit on, by its point. One thread at a time. */
final class RawTracepoints extends LoadedDispatchers {
  private static final String DISPATCHER = "dispatch_raw";

  RawTracepoints(Folder folder, NodeMaps maps, int generation) {
    super(folder, maps, generation, DISPATCHER, "raw tracepoint");
  }

  @Override
  BpfObject load(String event, int point) throws BpfException {
    var object = Programs.RAW.open();
    try {
      object.constant("generation").set(JAVA_INT, 0, generation);
      object.constant("point").set(JAVA_INT, 0, point);
      object.constant("arguments").set(JAVA_INT, 0, arguments(event));
      maps.load(object);
      folder.attach(generation, link(point), object.program(DISPATCHER).attachRawTracepoint(event));
      return object;
    } catch (BpfException e) {
      object.close();
      throw e;
    }
  }

  private static int arguments(String event) throws BpfException {
    try (var types = KernelTypes.load()) {
      return types.rawTracepoint(event) instanceof KernelFunction.Typed(var parameters, _)
          ? Math.min(parameters.size(), Structs.REGISTERS_MAX)
          : 0;
    }
  }
}
