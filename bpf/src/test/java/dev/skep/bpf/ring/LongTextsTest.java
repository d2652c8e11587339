package dev.skep.bpf.ring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.KernelRecord.ProcessKey;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class LongTextsTest {
  private static final int CHUNK = 16_384;
  private final LongTexts texts = new LongTexts();

  @Test
  void chunksAreOneText() {
    add(key(1), 0, "abc");
    add(key(1), 3, "def");
    assertThat(texts.take(key(1), 6)).asString().isEqualTo("abcdef");
    assertThat(texts.take(key(1), 6)).as("taken once").isEmpty();
  }

  @Test
  void afterAGapTheRestIsLeftOut() {
    add(key(1), 0, "abc");
    add(key(1), 6, "ghi");
    add(key(1), 3, "def");
    assertThat(texts.take(key(1), 9)).asString().isEqualTo("abc");
    add(key(2), 3, "def");
    assertThat(texts.take(key(2), 9)).isEmpty();
  }

  @Test
  void textsOfOthersAreApart() {
    add(key(1), 0, "abc");
    add(key(2), 0, "xyz");
    add(key(1), 3, "def");
    assertThat(texts.take(key(2), 3)).asString().isEqualTo("xyz");
    assertThat(texts.take(key(1), 6)).asString().isEqualTo("abcdef");
  }

  @Test
  void whatNobodyTakesIsForgottenOldestFirst() {
    int fit = LongTexts.BYTES_MAX / CHUNK;
    for (int i = 0; i < fit + 3; i++) {
      texts.add(key(i), 0, MemorySegment.ofArray(new byte[CHUNK]), 0, CHUNK);
    }
    for (int i = 0; i < 3; i++) {
      assertThat(texts.take(key(i), CHUNK)).isEmpty();
    }
    assertThat(texts.take(key(3), CHUNK)).hasSize(CHUNK);
    assertThat(texts.take(key(fit + 2), CHUNK)).hasSize(CHUNK);
  }

  private void add(LongTexts.Key key, long offset, String text) {
    texts.add(key, offset, MemorySegment.ofArray(text.getBytes(UTF_8)), 0, text.length());
  }

  private static LongTexts.Key key(int time) {
    return new LongTexts.Key(new ProcessKey(7, 70), time, 1);
  }
}
