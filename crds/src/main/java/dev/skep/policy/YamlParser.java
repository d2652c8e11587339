package dev.skep.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.StringReader;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * YAML with the types of JSON, and anchors resolved. Jackson's own YAML reader would take an alias
 * for the text of its name, and YAML 1.1 would take {@code 10:30} for a number and {@code no} for a
 * boolean.
 */
final class YamlParser {
  /** Far more than the largest policy has; an alias bomb has billions. */
  private static final int NODES = 200_000;

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private int nodes;

  private YamlParser() {}

  static List<JsonNode> parse(String text) throws MalformedDocumentException {
    var options = new LoaderOptions();
    options.setCodePointLimit(DocumentParser.CHARACTERS);
    options.setNestingDepthLimit(DocumentParser.DEPTH);
    options.setMaxAliasesForCollections(100);
    var yaml =
        new Yaml(
            new SafeConstructor(options),
            new Representer(new DumperOptions()),
            new DumperOptions(),
            options,
            new JsonTypes());
    var documents = new ArrayList<JsonNode>();
    try {
      var parser = new YamlParser();
      for (var node : yaml.composeAll(new StringReader(text))) {
        var document = parser.convert(node, 0);
        if (!document.isNull()) {
          documents.add(document);
        }
      }
    } catch (MarkedYAMLException e) {
      var mark = e.getProblemMark();
      throw new MalformedDocumentException(
          mark == null ? "document" : "line " + (mark.getLine() + 1),
          "is not YAML: " + DocumentParser.firstLine(String.valueOf(e.getProblem())));
    } catch (YAMLException e) {
      throw new MalformedDocumentException(
          "document", "is not YAML: " + DocumentParser.firstLine(String.valueOf(e.getMessage())));
    }
    return documents;
  }

  private JsonNode convert(Node node, int depth) throws MalformedDocumentException {
    if (++nodes > NODES || depth > DocumentParser.DEPTH) {
      throw new MalformedDocumentException(
          line(node), "is too large or too deep once its aliases are followed");
    }
    return switch (node) {
      case ScalarNode scalar -> convert(scalar);
      case SequenceNode sequence -> {
        var list = JSON.arrayNode();
        for (var element : sequence.getValue()) {
          list.add(convert(element, depth + 1));
        }
        yield list;
      }
      case MappingNode mapping -> convert(mapping, depth);
      default -> throw new MalformedDocumentException(line(node), "is not a value of JSON");
    };
  }

  private JsonNode convert(MappingNode mapping, int depth) throws MalformedDocumentException {
    var object = JSON.objectNode();
    var fields = new HashSet<String>();
    for (var entry : mapping.getValue()) {
      if (!(entry.getKeyNode() instanceof ScalarNode key)) {
        throw new MalformedDocumentException(line(entry.getKeyNode()), "has a field without name");
      }
      if (!fields.add(key.getValue())) {
        throw new MalformedDocumentException(
            line(key), "has the field " + Text.quote(key.getValue()) + " for the second time");
      }
      object.set(key.getValue(), convert(entry.getValueNode(), depth + 1));
    }
    return object;
  }

  private static JsonNode convert(ScalarNode scalar) throws MalformedDocumentException {
    var text = scalar.getValue();
    var tag = scalar.getTag();
    if (tag.equals(Tag.STR) || text.length() > JsonTypes.DIGITS) {
      return JSON.textNode(text);
    }
    if (tag.equals(Tag.NULL)) {
      return JSON.nullNode();
    }
    if (tag.equals(Tag.BOOL) && JsonTypes.BOOL.matcher(text).matches()) {
      return JSON.booleanNode(text.equalsIgnoreCase("true"));
    }
    if (tag.equals(Tag.INT) && JsonTypes.INT.matcher(text).matches()) {
      return JSON.numberNode(
          text.startsWith("0x") ? new BigInteger(text.substring(2), 16) : new BigInteger(text));
    }
    if (tag.equals(Tag.FLOAT) && JsonTypes.FLOAT.matcher(text).matches()) {
      return JSON.numberNode(new BigDecimal(text));
    }
    throw new MalformedDocumentException(
        line(scalar), Text.quote(text) + " is no value of the type " + Text.plain(tag.getValue()));
  }

  private static String line(Node node) {
    return "line " + (node.getStartMark().getLine() + 1);
  }

  /**
   * YAML 1.2's core types, without infinities, and without numbers that begin with 0, which are
   * octal to some readers and decimal to others: they stay text.
   */
  private static final class JsonTypes extends Resolver {
    static final int DIGITS = 64;
    static final Pattern BOOL = Pattern.compile("true|True|TRUE|false|False|FALSE");
    static final Pattern INT = Pattern.compile("[-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+");
    static final Pattern FLOAT =
        Pattern.compile("[-+]?(\\.[0-9]+|(0|[1-9][0-9]*)(\\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?");
    private static final Pattern NULL = Pattern.compile("~|null|Null|NULL|");

    @Override
    protected void addImplicitResolvers() {
      addImplicitResolver(Tag.BOOL, BOOL, "tTfF");
      addImplicitResolver(Tag.INT, INT, "-+0123456789");
      addImplicitResolver(Tag.FLOAT, FLOAT, "-+.0123456789");
      addImplicitResolver(Tag.NULL, NULL, "~nN\0");
    }
  }
}
