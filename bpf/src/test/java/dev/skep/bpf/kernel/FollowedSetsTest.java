package dev.skep.bpf.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.bpf.HookPlan.TextPart;
import dev.skep.bpf.kernel.Followed.Binary;
import dev.skep.bpf.kernel.Followed.Pid;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FollowedSetsTest {
  private static final Binary USR = new Binary(TextPart.PREFIX, "/usr/");
  private static final Binary USR_BIN = new Binary(TextPart.PREFIX, "/usr/bin/");
  private static final Binary SH = new Binary(TextPart.POSTFIX, "/sh");
  private static final Binary BIN_SH = new Binary(TextPart.POSTFIX, "/bin/sh");
  private static final Binary WHOLE = new Binary(TextPart.WHOLE, "/usr/bin/");

  @Test
  void whatAnotherMemberStandsForIsLeftOut() {
    assertThat(FollowedSets.fewest(Set.of(USR, USR_BIN, SH, BIN_SH, WHOLE)))
        .containsExactlyInAnyOrder(USR, SH, WHOLE);
    assertThat(FollowedSets.fewest(Set.of(new Pid(1, true), new Pid(1, false)))).hasSize(2);
  }

  @Test
  void aLongerEntryHasTheBitsOfShorterOnes() {
    assertThat(
            FollowedSets.bits(
                Map.of(0, Set.of(USR), 1, Set.of(USR_BIN, SH), 5, Set.of(BIN_SH, WHOLE))))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(USR, 1L, USR_BIN, 3L, SH, 2L, BIN_SH, 34L, WHOLE, 32L));
  }

  @Test
  void whatIsReadBackIsWhatWasHeld() {
    var sets = Map.of(0, Set.<Followed>of(USR), 1, Set.<Followed>of(USR_BIN));
    var read = FollowedSets.fewest(Set.of(USR, USR_BIN)); // those that have bit 0

    assertThat(read).isEqualTo(sets.get(0));
  }
}
