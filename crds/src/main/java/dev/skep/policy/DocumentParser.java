package dev.skep.policy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The documents of a text, as the API server would read them. Whatever the text, it ends soon. */
final class DocumentParser {
  static final int CHARACTERS = 4 << 20;
  static final int DEPTH = 64;

  private static final ObjectReader JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEPTH).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .build()
          .readerFor(JsonNode.class);

  private DocumentParser() {}

  static List<JsonNode> parse(String text) throws MalformedDocumentException {
    if (text.length() > CHARACTERS) {
      throw new MalformedDocumentException(
          "document", "has more than " + CHARACTERS + " characters");
    }
    return text.stripLeading().startsWith("{") ? parseBraces(text) : YamlParser.parse(text);
  }

  /** JSON may be indented with tabs, which YAML may not; but YAML may begin with a brace too. */
  private static List<JsonNode> parseBraces(String text) throws MalformedDocumentException {
    try {
      return parseJson(text);
    } catch (MalformedDocumentException notJson) {
      try {
        return YamlParser.parse(text);
      } catch (MalformedDocumentException _) {
        throw notJson;
      }
    }
  }

  private static List<JsonNode> parseJson(String text) throws MalformedDocumentException {
    var documents = new ArrayList<JsonNode>();
    try (var values = JSON.<JsonNode>readValues(text)) {
      while (values.hasNextValue()) {
        documents.add(values.nextValue());
      }
    } catch (JsonProcessingException e) {
      throw new MalformedDocumentException(
          line(e.getLocation()), "is not JSON: " + firstLine(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException("a text in memory can always be read", e);
    }
    return documents;
  }

  private static String line(JsonLocation location) {
    return location == null ? "document" : "line " + location.getLineNr();
  }

  static String firstLine(String message) {
    int end = message.indexOf('\n');
    return Text.plain(end < 0 ? message : message.substring(0, end));
  }
}
