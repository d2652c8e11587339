package dev.skep.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.HookPlan;
import dev.skep.bpf.HookPlan.ArgumentKind;
import dev.skep.bpf.KernelTracepoint.Field;
import dev.skep.bpf.KernelTracepoint.Format;
import dev.skep.bpf.KernelTracepoint.Shape;
import dev.skep.policy.Hook;
import dev.skep.policy.Hook.Argument;
import dev.skep.policy.Hook.ArgumentType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TracepointFitTest {
  static final Format SEEK =
      format(
          field("int __syscall_nr", "int", Shape.NUMBER, 8, 4, true),
          field("unsigned int fd", "unsigned int", Shape.NUMBER, 16, 8, false),
          field("off_t offset", "off_t", Shape.NUMBER, 24, 8, false));

  private static final Format MANY =
      format(
          field("u8 level", "u8", Shape.NUMBER, 8, 1, false),
          field("pid_t pid", "pid_t", Shape.NUMBER, 12, 4, true),
          field("unsigned long id", "unsigned long", Shape.NUMBER, 16, 8, false),
          field("const char * name", "char", Shape.POINTER, 24, 8, false),
          field("struct page * page", "struct page", Shape.POINTER, 32, 8, false),
          field("char comm[16]", "char", Shape.ARRAY, 40, 16, false),
          field("u8 address[6]", "u8", Shape.ARRAY, 56, 6, false),
          field("__data_loc char[] text", "char", Shape.DATA_LOC, 64, 4, false),
          field("__data_loc u64[] words", "u64", Shape.DATA_LOC, 68, 4, false),
          field("struct timespec at", "struct timespec", Shape.OTHER, 72, 16, false));

  private static final Hook.Place.Tracepoint CALLS =
      new Hook.Place.Tracepoint("syscalls", "sys_enter_lseek");
  private static final Hook.Place.Tracepoint OTHER = new Hook.Place.Tracepoint("some", "other");

  @ParameterizedTest
  @CsvSource({
    "4, UINT8",
    "5, INT32",
    "6, UINT64",
    "7, STRING",
    "9, STRING",
    "10, CONST_BUF",
    "11, DATA_LOC"
  })
  void theTypeOfAFieldIsFoundOut(int index, dev.skep.policy.ast.ArgumentType type) {
    assertThat(new TracepointFit(OTHER, MANY).type(argument(index, ArgumentType.AUTO)))
        .contains(type);
  }

  @ParameterizedTest
  @CsvSource({"4, INT32", "5, UINT32", "6, INT64"})
  void numbersOfSystemCallsAreAsWideAsTheirTypeNotAsTheirField(
      int index, dev.skep.policy.ast.ArgumentType type) {
    assertThat(new TracepointFit(CALLS, SEEK).type(argument(index, ArgumentType.AUTO)))
        .contains(type);
  }

  @ParameterizedTest
  @CsvSource({
    "8, 'field 8 of some/other is struct page * page, of which the type is not plain; write it, such as type: uint64 for the address'",
    "13, 'field 13 of some/other is struct timespec at, of which the type is not plain; write it, such as type: nop'",
  })
  void whatIsNotPlainHasToBeWritten(int index, String words) {
    var fit = new TracepointFit(OTHER, MANY);

    assertThat(fit.type(argument(index, ArgumentType.AUTO))).isEqualTo(Optional.empty());
    assertThat(fit.noType(argument(index, ArgumentType.AUTO))).isEqualTo(words);
  }

  @ParameterizedTest
  @CsvSource({
    "4, UINT8, UINT8, 8, 1, 0",
    "5, INT, INT, 12, 4, 0",
    "5, UINT32, UINT32, 12, 4, 0",
    "8, SIZE, SIZE, 32, 8, 0",
    "7, STRING, STRING, 24, 8, 0",
    "9, STRING, DATA_LOC, 40, 0, 16",
    "10, CONST_BUF, CONST_BUF, 56, 0, 6",
    "11, DATA_LOC, DATA_LOC, 64, 4, 0",
    "11, STRING, DATA_LOC, 64, 4, 0",
  })
  void aFieldIsReadWhereItIs(
      int index, ArgumentType type, ArgumentKind kind, int offset, int bytes, int length) {
    var problems = new ArrayList<String>();

    var plans = new TracepointFit(OTHER, MANY).plans(hook(argument(index, type)), problems);

    assertThat(problems).isEmpty();
    assertThat(plans)
        .containsExactly(
            new HookPlan.ArgumentPlan(kind, 0, new HookPlan.Field(offset, bytes, length, 0)));
  }

  @Test
  void aBufferHasItsLengthInAnotherField() {
    var buffer = new Argument(7, ArgumentType.CHAR_BUF, OptionalInt.of(6), null);

    assertThat(new TracepointFit(OTHER, MANY).plans(hook(buffer), new ArrayList<>()))
        .containsExactly(
            new HookPlan.ArgumentPlan(ArgumentKind.CHAR_BUF, 0, new HookPlan.Field(24, 8, 16, 8)));
  }

  @ParameterizedTest
  @CsvSource({
    "5, LONG, 'is pid_t pid, 4 bytes, not what type long is read from; write type: int'",
    "6, INT, 'is unsigned long id, 8 bytes, not what type int is read from; write type: size_t'",
    "4, STRING, 'is u8 level, 1 bytes, not what type string is read from; write type: uint8'",
    "10, STRING, 'is u8 address[6], 6 bytes, not what type string is read from; write type: const_buf'",
    "12, DATA_LOC, 'is __data_loc u64[] words, 4 bytes, not what type data_loc is read from'",
    "6, SYSCALL64, 'is unsigned long id, 8 bytes, not what type syscall64 is read from; write type: size_t'",
  })
  void whatDoesNotFitIsRefusedWithWhatTheFormatSays(int index, ArgumentType type, String words) {
    var problems = new ArrayList<String>();

    new TracepointFit(OTHER, MANY).plans(hook(argument(index, type)), problems);

    assertThat(problems)
        .containsExactly("spec.tracepoints[0].args: field " + index + " of some/other " + words);
  }

  @Test
  void fieldsThatAreNotThereAreAnsweredWithThoseThatAre() {
    var problems = new ArrayList<String>();

    new TracepointFit(CALLS, SEEK)
        .plans(hook(argument(2, ArgumentType.UINT8), argument(9, ArgumentType.INT)), problems);

    var there = "4 is int __syscall_nr, 5 is unsigned int fd, 6 is off_t offset";
    assertThat(problems)
        .containsExactly(
            "spec.tracepoints[0].args: field 2, common_preempt_count, is of a part that is not there"
                + " when a program looks at a record; of syscalls/sys_enter_lseek "
                + there,
            "spec.tracepoints[0].args: syscalls/sys_enter_lseek of this node's kernel has no field"
                + " with index 9; "
                + there);
  }

  static Hook hook(Argument... arguments) {
    return hook(CALLS, arguments);
  }

  static Hook at(String subsystem, String event) {
    return hook(new Hook.Place.Tracepoint(subsystem, event));
  }

  private static Hook hook(Hook.Place.Tracepoint place, Argument... arguments) {
    return new Hook(
        0,
        "spec.tracepoints[0]",
        place.call(),
        place,
        List.of(arguments),
        null,
        List.of(),
        null,
        List.of());
  }

  static Argument argument(int index, ArgumentType type) {
    return new Argument(index, type, OptionalInt.empty(), null);
  }

  private static Format format(Field... fields) {
    var all =
        new ArrayList<>(
            List.of(
                field("unsigned short common_type", "unsigned short", Shape.NUMBER, 0, 2, false),
                field("unsigned char common_flags", "unsigned char", Shape.NUMBER, 2, 1, false),
                field(
                    "unsigned char common_preempt_count",
                    "unsigned char",
                    Shape.NUMBER,
                    3,
                    1,
                    false),
                field("int common_pid", "int", Shape.NUMBER, 4, 4, true)));
    all.addAll(List.of(fields));
    return new Format(all);
  }

  private static Field field(
      String declaration, String type, Shape shape, int offset, int bytes, boolean signed) {
    var name = declaration.replaceFirst(".*[ *](\\w+)(\\[\\d+])?$", "$1");
    return new Field(declaration, name, type, shape, offset, bytes, signed);
  }
}
