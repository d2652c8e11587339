package dev.skep.crds.v1alpha1;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.LinkTree;
import com.sun.source.doctree.LiteralTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;

/** The Javadoc of the records, so that {@code kubectl explain} says what the source says. */
public final class RecordComments {
  private final Map<String, String> comments = new HashMap<>();

  public static RecordComments of(Path sources) throws IOException {
    var found = new RecordComments();
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null);
        var listed = Files.list(sources)) {
      var task =
          (JavacTask)
              compiler.getTask(
                  null,
                  files,
                  null,
                  null,
                  null,
                  files.getJavaFileObjectsFromPaths(listed.toList()));
      var trees = DocTrees.instance(task);
      for (var unit : task.parse()) {
        found.new Collector(trees).scan(unit, "");
      }
    }
    return found;
  }

  /** First sentence. */
  public Optional<String> of(Class<?> type) {
    return Optional.ofNullable(comments.get(type.getSimpleName()));
  }

  public Optional<String> of(Class<?> type, String component) {
    return Optional.ofNullable(comments.get(type.getSimpleName() + "#" + component));
  }

  private final class Collector extends TreePathScanner<Void, String> {
    private final DocTrees trees;

    Collector(DocTrees trees) {
      this.trees = trees;
    }

    @Override
    public Void visitClass(ClassTree type, String outer) {
      var comment = trees.getDocCommentTree(getCurrentPath());
      if (comment != null) {
        add(type.getSimpleName().toString(), comment);
      }
      return super.visitClass(type, outer);
    }

    private void add(String type, DocCommentTree comment) {
      put(type, comment.getFirstSentence());
      for (var tag : comment.getBlockTags()) {
        if (tag instanceof ParamTree param) {
          put(type + "#" + param.getName(), param.getDescription());
        }
      }
    }
  }

  private void put(String name, List<? extends DocTree> trees) {
    var text = text(trees);
    if (!text.isEmpty()) {
      comments.put(name, Character.toUpperCase(text.charAt(0)) + text.substring(1));
    }
  }

  private static String text(List<? extends DocTree> trees) {
    var text = trees.stream().map(RecordComments::text).collect(Collectors.joining());
    return text.replaceAll("\\s+", " ").strip();
  }

  private static String text(DocTree tree) {
    return switch (tree) {
      case LiteralTree literal -> literal.getBody().getBody();
      case LinkTree link -> link.getReference().getSignature().replaceAll(".*[#.]", "");
      default -> tree.toString();
    };
  }
}
