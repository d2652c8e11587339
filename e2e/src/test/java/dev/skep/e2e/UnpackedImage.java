package dev.skep.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An image of {@code target/images}, its layers laid one over the other. What runs in it has this
 * folder as a read-only root, the kernel's /proc and /sys, an empty /run, and nothing else of the
 * machine.
 */
final class UnpackedImage {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** $1 is the root, $2 its user; the words after that are run. */
  private static final String RUN =
      """
      set -e
      root=$1 user=$2; shift 2
      mount --bind "$root" "$root"
      mount -t proc proc "$root/proc"
      mount --rbind /sys "$root/sys"
      mount -t tmpfs tmpfs "$root/run"
      mount -o remount,bind,ro "$root"
      exec chroot --userspec="$user" "$root" "$@"
      """;

  private final Path tar;
  private final Path root;
  private final JsonNode config;

  private UnpackedImage(Path tar, Path root, JsonNode config) {
    this.tar = tar;
    this.root = root;
    this.config = config;
  }

  static UnpackedImage of(String program, Path folder) throws IOException {
    var tar = Path.of(System.getProperty("skep.root"), "target/images", program + ".tar");
    if (!Files.exists(tar)) {
      throw new IllegalStateException(tar + " is missing: make images");
    }
    var layers = Files.createDirectories(folder.resolve(program + "-layers"));
    var root = Files.createDirectories(folder.resolve(program));
    succeed("tar", "-xf", tar.toString(), "-C", layers.toString());
    var manifest = JSON.readTree(layers.resolve("manifest.json").toFile()).get(0);
    for (var layer : manifest.get("Layers")) {
      succeed("tar", "-xzf", layers.resolve(layer.asText()).toString(), "-C", root.toString());
    }
    var config = JSON.readTree(layers.resolve(manifest.get("Config").asText()).toFile());
    return new UnpackedImage(tar, root, config);
  }

  Path tar() {
    return tar;
  }

  Path root() {
    return root;
  }

  /** As OCI's image specification has it. */
  JsonNode config() {
    return config;
  }

  String label(String name) {
    return config.at("/config/Labels").path("org.opencontainers.image." + name).asText();
  }

  /** What a container of this image runs with these arguments, its user and environment. */
  ProcessBuilder container(String... arguments) {
    var words = new ArrayList<>(List.of("unshare", "--mount", "bash", "-c", RUN, "container"));
    words.add(root.toString());
    words.add(config.at("/config/User").asText());
    config.at("/config/Entrypoint").forEach(word -> words.add(word.asText()));
    words.addAll(List.of(arguments));
    var builder = new ProcessBuilder(words);
    var environment = builder.environment();
    var path = environment.get("PATH");
    environment.clear();
    environment.put("PATH", path); // of this machine's tools, which make the container
    for (var variable : config.at("/config/Env")) {
      var parts = variable.asText().split("=", 2);
      environment.put(parts[0], parts[1]);
    }
    return builder;
  }

  /** Output and errors of a container that must end by itself, with 0. */
  String output(String... arguments) {
    return output(container(arguments));
  }

  static String output(ProcessBuilder container) {
    try {
      var process = container.redirectErrorStream(true).start();
      var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0) {
        throw new AssertionError("it ended with " + code + ": " + text);
      }
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException("running a container", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static void succeed(String... words) {
    var ended = Shell.run(List.of(words));
    if (ended.exitCode() != 0) {
      throw new IllegalStateException(String.join(" ", words) + ": " + ended.output());
    }
  }
}
