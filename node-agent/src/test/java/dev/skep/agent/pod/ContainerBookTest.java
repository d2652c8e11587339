package dev.skep.agent.pod;

import static dev.skep.agent.pod.TestPods.containerPath;
import static dev.skep.agent.pod.TestPods.id;
import static dev.skep.agent.pod.TestPods.pod;
import static dev.skep.agent.pod.TestPods.podPath;
import static dev.skep.agent.pod.TestPods.uid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.events.TracedContainer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ContainerBookTest {
  private final Map<Long, String> paths = new HashMap<>();
  private int asked;
  private final ContainerBook book = new ContainerBook(this::path, true);

  private Optional<String> path(long cgroup) {
    asked++;
    return Optional.ofNullable(paths.get(cgroup));
  }

  @Test
  void aCgroupThatNobodyToldOfIsAskedForOnce() {
    paths.put(5L, containerPath(1, 10));
    paths.put(6L, "/system.slice/cron.service");

    assertThat(container(5).facts().id()).isEqualTo(id(10));
    assertThat(book.of(6)).isNull();
    assertThat(book.of(7)).isNull();
    assertThat(book.of(5)).isSameAs(book.of(5));
    assertThat(book.of(7)).isNull();
    assertThat(asked).isEqualTo(3);
  }

  @Test
  void whatIsMadeBelowIsKnownByItsParentWhateverTheKernelPutsInFront() {
    book.found(1, "/");
    book.found(2, "/kubepods.slice");
    book.made(3, 2, "/docker/" + id(99) + podPath(1));
    book.made(4, 3, "/docker/" + id(99) + containerPath(1, 10));
    book.made(5, 4, "/docker/" + id(99) + containerPath(1, 10) + "/init.scope");
    book.made(6, 1, "/docker/" + id(99) + "/system.slice");

    assertThat(book.of(3)).isNull();
    assertThat(container(4).facts().id()).isEqualTo(id(10));
    assertThat(book.of(5)).isSameAs(book.of(4));
    assertThat(book.of(6)).isNull();
    assertThat(asked).isZero();
  }

  @Test
  void aContainerLearnsOfItsPodWheneverThatComes() {
    book.found(4, containerPath(1, 10));
    var container = container(4);
    assertThat(container.isAwaited()).isTrue();
    assertThat(container.lacksPod()).isTrue();

    book.pod(pod(1, "ns", Map.of("a", "b")));
    assertThat(container.isAwaited()).isTrue(); // the status does not have it yet
    assertThat(container.lacksPod()).isFalse();
    assertThat(Objects.requireNonNull(container.facts().container()).id())
        .isEqualTo("containerd://" + id(10));

    book.pod(pod(1, "ns", Map.of("a", "b"), 10));
    assertThat(container.isAwaited()).isFalse();
    assertThat(Objects.requireNonNull(container.facts().container()).name()).isEqualTo("c10");

    book.pod(pod(1, "ns", Map.of("a", "c"), 10));
    book.podGone(uid(1));
    assertThat(Objects.requireNonNull(container.facts().pod()).labels()).containsEntry("a", "c");
    book.found(5, containerPath(1, 11));
    assertThat(container(5).lacksPod()).isFalse();
  }

  @Test
  void withoutAClusterNothingIsAwaited() {
    var alone = new ContainerBook(this::path, false);
    alone.found(4, containerPath(1, 10));

    var container = Objects.requireNonNull(alone.of(4));
    assertThat(container.isAwaited()).isFalse();
    assertThat(container.lacksPod()).isFalse();
    assertThat(container.facts().id()).isEqualTo(id(10));
  }

  @Test
  void aContainerOutsideOfAllPodsIsNotAwaitedButFoundByItsId() {
    book.found(4, "/" + id(10));
    assertThat(container(4).isAwaited()).isFalse();

    book.pod(pod(1, "ns", Map.of(), 10));
    assertThat(Objects.requireNonNull(container(4).facts().pod()).uid()).isEqualTo(uid(1));
  }

  @Test
  void whatIsGoneIsKeptForAWhileAndNotForEver() {
    int all = 3 * ContainerBook.GONE;
    for (int i = 0; i < all; i++) {
      book.found(100 + i, containerPath(i, i));
      book.gone(100 + i);
      book.gone(1_000_000 + i);
    }

    assertThat(book.of(100 + all - 1)).isNotNull();
    assertThat(book.cgroups()).isEqualTo(ContainerBook.GONE);
    assertThat(book.containers()).isEqualTo(ContainerBook.GONE);
    for (int i = 0; i < 2 * ContainerBook.CGROUPS; i++) {
      book.found(2_000_000 + i, containerPath(i, i));
    }
    assertThat(book.cgroups()).isEqualTo(ContainerBook.CGROUPS);
    assertThat(book.containers()).isEqualTo(ContainerBook.CGROUPS);
  }

  private TracedContainer container(long cgroup) {
    return Objects.requireNonNull(book.of(cgroup));
  }
}
