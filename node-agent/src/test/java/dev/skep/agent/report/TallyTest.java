package dev.skep.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.bpf.PolicyTotals;
import dev.skep.bpf.PolicyTotals.HookTotals;
import dev.skep.bpf.PolicyTotals.ProcessTotals;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TallyTest {
  private static final String POLICY = "uid-of-a-policy";

  @Test
  void aNodeThatStaysTellsWhatTheKernelCounts() {
    var tally = Tally.NONE.joined("first").told(counts(50)).joined("first");

    assertThat(tally.of(POLICY, count(51))).isEqualTo(count(51));
  }

  @Test
  void aNodeThatJoinsAgainTellsOnlyWhatWasNotToldBefore() {
    var tally = Tally.NONE.joined("first").told(counts(50)).joined("second");

    assertThat(tally.of(POLICY, count(80))).isEqualTo(count(30));
    assertThat(tally.told(counts(80)).of(POLICY, count(81))).isEqualTo(count(31));
    assertThat(tally.told(counts(80)).joined("third").of(POLICY, count(81))).isEqualTo(count(1));
  }

  @Test
  void whatWasNeverToldBelongsToTheNodeThatJoins() {
    var tally = Tally.NONE.joined("first").joined("second");

    assertThat(tally.of(POLICY, count(7))).isEqualTo(count(7));
  }

  @Test
  void countersThatStartedFromZeroAreToldWhole() {
    var tally = Tally.NONE.joined("first").told(counts(50)).joined("second");

    assertThat(tally.of(POLICY, count(3))).isEqualTo(count(3));
  }

  @Test
  void aPolicyThatLeftTheNodeIsForgotten() {
    var tally = Tally.NONE.joined("first").told(counts(50)).joined("second").told(Map.of());

    assertThat(tally.of(POLICY, count(60))).isEqualTo(count(60));
  }

  @Test
  void theNextAgentReadsWhatThisOneWrote() throws JsonProcessingException {
    var json = new ObjectMapper();
    var tally = Tally.NONE.joined("first").told(counts(50));

    assertThat(json.readValue(json.writeValueAsString(tally), Tally.class)).isEqualTo(tally);
  }

  private static Map<String, PolicyTotals> counts(long each) {
    return Map.of(POLICY, count(each));
  }

  private static PolicyTotals count(long each) {
    return new PolicyTotals(
        List.of(new HookTotals(0, each, 0, each, 0, 0)), new ProcessTotals(each, each, each));
  }
}
