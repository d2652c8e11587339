package dev.skep.bpf.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.Place;
import dev.skep.bpf.layout.Structs;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * By what a plan is known again. Plans that differ only in {@code plan} have the same program, and
 * other values in its sets.
 *
 * @param program all that shapes the program: the constants and the object file that it is made of,
 *     and where it sits
 * @param plan the values of its sets too
 * @param sets one for each filter that has a set, in the order of the constants
 */
record PlanPrint(PlanHash program, PlanHash plan, List<ValueSet> sets) {
  PlanPrint {
    sets = List.copyOf(sets);
  }

  /**
   * @param object hash of the object file
   */
  static PlanPrint of(HookPlan hook, PlanHash object) throws BpfException {
    var notes = new Notes();
    var constants = MemorySegment.ofArray(new long[(int) (Structs.HOOK_PLAN.byteSize() / 8)]);
    HookPlanCodec.write(constants, hook, 0, 0, notes);
    var digest = PlanHash.sha256();
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(Structs.LAYOUT).flip());
    digest.update(object.bytes());
    digest.update(constants.toArray(JAVA_BYTE));
    text(digest, place(hook.place()));
    for (var followed : notes.followed) {
      texts(digest, followed.stream().map(Followed::toString).toList());
    }
    var program = PlanHash.of(digest);
    digest.update(program.bytes());
    var sets = HookPlanCodec.references(constants).sets().stream().map(notes.sets::get).toList();
    sets.forEach(set -> texts(digest, texts(set)));
    return new PlanPrint(program, PlanHash.of(digest), sets);
  }

  private static String place(Place place) {
    return switch (place) {
      case Place.Syscalls(var numbers, _) -> "syscalls " + numbers.stream().sorted().toList();
      case Place.Function(var name) -> "function " + name;
      case Place.Functions(var names) -> "functions " + names.stream().sorted().toList();
      case Place.Tracepoint tracepoint -> "tracepoint " + tracepoint.name();
      case Place.RawTracepoint(var event) -> "raw tracepoint " + event;
      case Place.LsmHook(var name) -> "lsm " + name;
    };
  }

  private static Collection<String> texts(ValueSet set) {
    return switch (set) {
      case ValueSet.Texts(var texts) -> texts;
      case ValueSet.Prefixes(var texts) -> texts;
      case ValueSet.Postfixes(var texts) -> texts;
      case ValueSet.Numbers(var numbers) -> numbers.stream().map(Object::toString).toList();
      case ValueSet.Ranges(var prefixes) -> prefixes.stream().map(Object::toString).toList();
      case ValueSet.Networks(var networks) -> networks.stream().map(Object::toString).toList();
    };
  }

  private static void texts(MessageDigest digest, Collection<String> texts) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(texts.size()).flip());
    texts.stream().sorted().forEach(text -> text(digest, text));
  }

  private static void text(MessageDigest digest, String text) {
    var bytes = text.getBytes(UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
    digest.update(bytes);
  }

  /** Notes what is asked for, and numbers it. */
  private static final class Notes implements HookPlanCodec.Resources {
    private final List<ValueSet> sets = new ArrayList<>();
    private final List<Set<Followed>> followed = new ArrayList<>();

    @Override
    public int set(ValueSet values) {
      sets.add(values);
      return sets.size() - 1;
    }

    @Override
    public int followed(Set<Followed> members) {
      followed.add(members);
      return followed.size() - 1;
    }

    @Override
    public long secret() {
      return 0;
    }
  }
}
