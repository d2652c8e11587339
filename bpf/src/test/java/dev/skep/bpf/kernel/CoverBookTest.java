package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.layout.Structs;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CoverBookTest {
  private final CoverBook book = new CoverBook();

  @Test
  void theEmptySetIsThereFromTheStart() {
    assertThat(book.numberOf(Set.of())).hasValue(CoverBook.NOBODY);
    assertThat(book.freeNumber()).hasValue(1);
  }

  @Test
  void equalSetsHaveOneNumber() {
    book.put(1, Set.of("a", "b"));
    assertThat(book.numberOf(Set.of("b", "a"))).hasValue(1);
    assertThat(book.numberOf(Set.of("a"))).isEmpty();
    assertThat(book.with("b")).containsExactly(1);
  }

  @Test
  void ofTwoNumbersThatWereFoundWithOneSetTheFirstIsGivenAndBothCount() {
    book.put(3, Set.of("a"));
    book.put(5, Set.of("a"));
    assertThat(book.numberOf(Set.of("a"))).hasValue(3);
    assertThat(book.with("a")).containsExactly(3, 5);
    book.free(5);
    assertThat(book.numberOf(Set.of("a"))).hasValue(3);
  }

  @Test
  void whoLeavesACoverIsInItNoMore() {
    book.put(1, Set.of("a", "b"));
    book.leave(1, "a");
    assertThat(book.set(1)).containsExactly("b");
    assertThat(book.with("a")).isEmpty();
    assertThat(book.numberOf(Set.of("a", "b"))).isEmpty();
  }

  @Test
  void thereAreAsManyNumbersAsTheKernelHasRoomFor() {
    for (int number = 1; number < Structs.COVERS_MAX; number++) {
      assertThat(book.freeNumber()).hasValue(number);
      book.put(number, Set.of("policy " + number));
    }
    assertThat(book.freeNumber()).isEmpty();
    book.free(17);
    assertThat(book.freeNumber()).hasValue(17);
  }
}
