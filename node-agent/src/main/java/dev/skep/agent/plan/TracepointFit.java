package dev.skep.agent.plan;

import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.HookPlan.ArgumentPlan;
import dev.skep.bpf.KernelTracepoint.Field;
import dev.skep.bpf.KernelTracepoint.Format;
import dev.skep.bpf.KernelTracepoint.Shape;
import dev.skep.policy.Hook;
import dev.skep.policy.Hook.Argument;
import dev.skep.policy.ast.ArgumentType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Whether a hook reads of a tracepoint's record what this node's kernel has there, and where that
 * is. Pure.
 */
final class TracepointFit implements ArgumentTypes {
  /** Whose records have each argument of a call in 8 bytes, however narrow it is. */
  private static final String SYSCALLS = "syscalls";

  private final Hook.Place.Tracepoint place;
  private final List<Field> fields;

  TracepointFit(Hook.Place.Tracepoint place, Format format) {
    this.place = place;
    this.fields = format.fields();
  }

  /** What an argument of type auto is; empty if the format does not say it. */
  @Override
  public Optional<ArgumentType> type(Argument argument) {
    return field(argument.index()).flatMap(this::type);
  }

  private Optional<ArgumentType> type(Field field) {
    return switch (field.shape()) {
      case NUMBER -> Optional.of(number(field));
      case POINTER -> field.isText() ? Optional.of(ArgumentType.STRING) : Optional.empty();
      case ARRAY -> Optional.of(field.isText() ? ArgumentType.STRING : ArgumentType.CONST_BUF);
      case DATA_LOC -> isText(field) ? Optional.of(ArgumentType.DATA_LOC) : Optional.empty();
      case OTHER -> Optional.empty();
    };
  }

  /** Records of system calls do not say how wide a number is, but by the name of its type. */
  private ArgumentType number(Field field) {
    return switch (isOfSyscall() ? field.type() : "") {
      case "int", "pid_t", "key_t", "clockid_t", "mqd_t" -> ArgumentType.INT32;
      case "unsigned int", "unsigned", "u32", "__u32", "uid_t", "gid_t", "qid_t" ->
          ArgumentType.UINT32;
      case "umode_t" -> ArgumentType.UINT16;
      case "long", "off_t", "loff_t", "ssize_t" -> ArgumentType.INT64;
      default ->
          switch (field.bytes()) {
            case Byte.BYTES -> field.signed() ? ArgumentType.INT8 : ArgumentType.UINT8;
            case Short.BYTES -> field.signed() ? ArgumentType.INT16 : ArgumentType.UINT16;
            case Integer.BYTES -> field.signed() ? ArgumentType.INT32 : ArgumentType.UINT32;
            default -> field.signed() ? ArgumentType.INT64 : ArgumentType.UINT64;
          };
    };
  }

  /** Why an argument of type auto has to have one written. */
  @Override
  public String noType(Argument argument) {
    return field(argument.index())
        .map(field ->
            "field %d of %s is %s, of which the type is not plain; write it, such as type: %s"
                .formatted(
                    argument.index(),
                    place.call(),
                    field.declaration(),
                    field.shape() == Shape.POINTER ? "uint64 for the address" : "nop"))
        .orElseGet(() -> lacks(argument.index()));
  }

  /**
   * Where the arguments are, none of which is of type auto any more.
   *
   * @param problems gets what does not fit
   */
  List<ArgumentPlan> plans(Hook hook, List<String> problems) {
    var plans = new ArrayList<ArgumentPlan>();
    for (int i = 0; i < hook.arguments().size(); i++) {
      var argument = hook.arguments().get(i);
      var refusal = refusal(argument);
      if (refusal.isEmpty()) {
        plans.add(plan(argument, i, fields.get(argument.index())));
      } else {
        problems.add(hook.path() + ".args: " + refusal);
      }
    }
    return plans;
  }

  /** Why the field cannot be read as that; empty: it can. */
  private String refusal(Argument argument) {
    if (field(argument.index()).isEmpty()) {
      return lacks(argument.index());
    }
    var field = fields.get(argument.index());
    if (field.isCommon()) {
      return "field %d, %s, is of a part that is not there when a program looks at a record; of %s %s"
          .formatted(argument.index(), field.name(), place.call(), names());
    }
    if (argument.type() == Hook.ArgumentType.CHAR_BUF
        && !isLength(argument.sizeIndex().orElse(0))) {
      return "%s has no number at index %d that could be a length; %s"
          .formatted(place.call(), argument.sizeIndex().orElse(0), names());
    }
    return fits(argument.type(), field)
        ? ""
        : "field %d of %s is %s, %d bytes, not what type %s is read from%s"
            .formatted(
                argument.index(),
                place.call(),
                field.declaration(),
                field.bytes(),
                argument.type().name().toLowerCase(Locale.ROOT),
                type(field).map(type -> "; write type: " + type.words().getFirst()).orElse(""));
  }

  private String lacks(int index) {
    return "%s of this node's kernel has no field with index %d; %s"
        .formatted(place.call(), index, names());
  }

  private String names() {
    return IntStream.range(0, fields.size())
        .filter(i -> !fields.get(i).isCommon())
        .mapToObj(i -> i + " is " + fields.get(i).declaration())
        .collect(Collectors.joining(", "));
  }

  private boolean isLength(int index) {
    return field(index)
        .filter(field -> !field.isCommon() && field.shape() == Shape.NUMBER)
        .isPresent();
  }

  private boolean fits(Hook.ArgumentType type, Field field) {
    return switch (type) {
      case SYSCALL64 -> isNumberOfSyscall(field);
      case STRING ->
          isText(field) || (field.shape() == Shape.POINTER && field.type().equals("void"));
      case DATA_LOC -> field.shape() == Shape.DATA_LOC && isText(field);
      case CHAR_BUF -> field.shape() == Shape.POINTER;
      case CONST_BUF -> field.shape() == Shape.ARRAY;
      default ->
          (field.shape() == Shape.NUMBER || field.shape() == Shape.POINTER)
              && type.bytes() > 0
              && (isOfSyscall() ? type.bytes() <= field.bytes() : type.bytes() == field.bytes());
    };
  }

  private boolean isNumberOfSyscall(Field field) {
    return place.subsystem().equals("raw_" + SYSCALLS) && field.name().equals("id");
  }

  /** What newer kernels copy of a call's texts for others is not in what programs get. */
  private boolean isText(Field field) {
    return field.isText()
        && switch (field.shape()) {
          case POINTER, ARRAY -> true;
          case DATA_LOC -> !isOfSyscall();
          case NUMBER, OTHER -> false;
        };
  }

  private boolean isOfSyscall() {
    return place.subsystem().equals(SYSCALLS);
  }

  private Optional<Field> field(int index) {
    return index < fields.size() ? Optional.of(fields.get(index)) : Optional.empty();
  }

  private ArgumentPlan plan(Argument argument, int position, Field field) {
    int bytes = argument.type().bytes() == 0 ? field.bytes() : argument.type().bytes();
    var value = new HookPlan.Field(field.offset(), bytes);
    var within = HookPlan.Field.within(field.offset(), field.bytes());
    return switch (argument.type()) {
      case CONST_BUF -> new ArgumentPlan(ArgumentKind.CONST_BUF, position, within);
      case CHAR_BUF -> {
        var size = fields.get(argument.sizeIndex().orElseThrow());
        yield new ArgumentPlan(
            ArgumentKind.CHAR_BUF,
            position,
            new HookPlan.Field(field.offset(), field.bytes(), size.offset(), size.bytes()));
      }
      case STRING, DATA_LOC ->
          switch (field.shape()) {
            case ARRAY -> new ArgumentPlan(ArgumentKind.DATA_LOC, position, within);
            case DATA_LOC -> new ArgumentPlan(ArgumentKind.DATA_LOC, position, value);
            default -> new ArgumentPlan(ArgumentKind.STRING, position, value);
          };
      default -> new ArgumentPlan(PolicyBinder.kind(argument.type()), position, value);
    };
  }
}
