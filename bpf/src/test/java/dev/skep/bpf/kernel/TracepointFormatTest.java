package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelTracepoint.Field;
import dev.skep.bpf.KernelTracepoint.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TracepointFormatTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "unsigned int fd | fd | unsigned int | NUMBER | 4",
        "enum zone_type zone | zone | enum zone_type | NUMBER | 4",
        "bool success | success | bool | NUMBER | 1",
        "const char * filename | filename | char | POINTER | 8",
        "const char *const * argv | argv | char *const | POINTER | 8",
        "struct sockaddr * addr | addr | struct sockaddr | POINTER | 8",
        "void *ptr | ptr | void | POINTER | 8",
        "char prev_comm[16] | prev_comm | char | ARRAY | 16",
        "char comm[TASK_COMM_LEN] | comm | char | ARRAY | 16",
        "unsigned long args[6] | args | unsigned long | ARRAY | 48",
        "__u8 saddr_v6[16] | saddr_v6 | __u8 | ARRAY | 16",
        "unsigned long rest[] | rest | unsigned long | OTHER | 0",
        "__data_loc char[] filename | filename | char | DATA_LOC | 4",
        "__data_loc u64[] words | words | u64 | DATA_LOC | 4",
        "struct timespec when | when | struct timespec | OTHER | 16",
      })
  void aFieldIsKnownByItsDeclaration(
      String declaration, String name, String type, Shape shape, int bytes) {
    var text = "\tfield:%s;\toffset:24;\tsize:%d;\tsigned:1;\n".formatted(declaration, bytes);

    assertThat(TracepointFormat.parse(text).fields())
        .containsExactly(new Field(declaration, name, type, shape, 24, bytes, true));
  }

  @Test
  void whatNobodyCanReadIsStillAFieldForTheOthersAreCounted() {
    var text =
        """
        name: some
        ID: 365
        format:
        \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;

        \tfield:__rel_loc char[] name;\toffset:8;\tsize:4;\tsigned:0;
        \tfield:void (*function)(struct work *);\toffset:16;\tsize:8;\tsigned:0;
        \tfield:pid_t pid;\toffset:24;\tsize:4;

        print fmt: "name=%s", __get_rel_str(name)
        """;

    var fields = TracepointFormat.parse(text).fields();

    assertThat(fields)
        .extracting(Field::shape)
        .containsExactly(Shape.NUMBER, Shape.OTHER, Shape.OTHER, Shape.NUMBER);
    assertThat(fields.getFirst().isCommon()).isTrue();
    assertThat(fields.getLast().isCommon()).isFalse();
    assertThat(fields.getLast().signed()).isFalse();
  }
}
