package dev.skep.nodeconfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skep.nodeconfig.NodeConfig.Entry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NodeConfigTest {
  private static final Entry ONE =
      new Entry("uid-1", "TracingPolicy", null, "one", 3, "{\"spec\":{}}");
  private static final Entry TWO =
      new Entry("uid-2", "TracingPolicyNamespaced", "shop", "two", 1, "{\"spec\":{\"a\":1}}");

  @Test
  void whatIsWrittenIsReadBack() throws MalformedConfigException {
    var config = new NodeConfig(List.of(ONE, TWO));

    assertThat(NodeConfig.decode(config.encode())).isEqualTo(config);
    assertThat(NodeConfig.decode(NodeConfig.EMPTY.encode())).isEqualTo(NodeConfig.EMPTY);
  }

  @Test
  void theOrderOfThePoliciesChangesNothing() {
    var config = new NodeConfig(List.of(ONE, TWO));
    var turned = new NodeConfig(List.of(TWO, ONE));

    assertThat(turned.encode()).isEqualTo(config.encode());
    assertThat(turned.hash()).isEqualTo(config.hash());
  }

  @Test
  void anyChangeOfAPolicyChangesTheHash() {
    var edited = new Entry("uid-1", "TracingPolicy", null, "one", 4, "{\"spec\":{\"a\":2}}");

    assertThat(new NodeConfig(List.of(edited)).hash())
        .isNotEqualTo(new NodeConfig(List.of(ONE)).hash());
  }

  @Test
  void aHalfWrittenConfigIsNotActedOn() {
    var data = new HashMap<>(new NodeConfig(List.of(ONE, TWO)).encode());
    data.put("policy-uid-2.json", "{}");
    assertThatThrownBy(() -> NodeConfig.decode(data))
        .isInstanceOf(MalformedConfigException.class)
        .hasMessage("policy-uid-2.json is not the document of the manifest");

    data.remove("policy-uid-2.json");
    assertThatThrownBy(() -> NodeConfig.decode(data)).hasMessage("policy-uid-2.json is missing");
    assertThatThrownBy(() -> NodeConfig.decode(Map.of())).hasMessage("manifest.json is missing");
    assertThatThrownBy(() -> NodeConfig.decode(Map.of("manifest.json", "{\"schema\":2}")))
        .hasMessage("manifest.json: schema 2, this agent reads 1");
    assertThatThrownBy(() -> NodeConfig.decode(Map.of("manifest.json", "null")))
        .hasMessage("manifest.json: schema none, this agent reads 1");
    assertThatThrownBy(() -> NodeConfig.decode(Map.of("manifest.json", "{\"schema\":1}")))
        .hasMessage("manifest.json: policies is missing");
  }

  @Test
  void aDocumentIsCanonicalWhateverTheOrderOfItsFields() throws Exception {
    var json = new ObjectMapper();

    assertThat(NodeConfig.canonical(json.readTree("{\"b\": 1, \"a\": {\"d\": [2, 1], \"c\": 3}}")))
        .isEqualTo("{\"a\":{\"c\":3,\"d\":[2,1]},\"b\":1}");
  }
}
