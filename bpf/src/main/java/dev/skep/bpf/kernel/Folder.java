package dev.skep.bpf.kernel;

import dev.skep.bpf.BpfException;
import dev.skep.bpf.libbpf.BpfLink;
import dev.skep.bpf.libbpf.BpfProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The names below Skep's folder of bpffs: {@code maps/NAME}, {@code links/GENERATION/PROGRAM}, and
 * during a change of layout {@code old/...}. A link that loses its name is detached, for nobody
 * keeps it open.
 */
record Folder(Path root) {
  private static final String MAPS = "maps";
  private static final String LINKS = "links";
  private static final String OLD = "old";

  Path map(String name) {
    return root.resolve(MAPS).resolve(name);
  }

  Path link(int generation, String program) {
    return root.resolve(LINKS).resolve(Integer.toString(generation)).resolve(program);
  }

  void makeMaps() throws BpfException {
    make(root.resolve(MAPS));
  }

  /** From here on the name alone holds the link: who removes the name detaches the program. */
  void attach(int generation, BpfProgram program) throws BpfException {
    attach(generation, program.name(), program.attach());
  }

  /** The same of a link that is made already; closes it. */
  void attach(int generation, String name, BpfLink attached) throws BpfException {
    try (var link = attached) {
      make(root.resolve(LINKS).resolve(Integer.toString(generation)));
      link.pin(link(generation, name));
    }
  }

  /** Whether a link of this name is attached, and runs this program. */
  boolean runs(int generation, String name, BpfProgram program) throws BpfException {
    var link = link(generation, name);
    return Files.exists(link) && BpfLink.programId(link) == BpfProgram.id(program.fd());
  }

  boolean hasMaps() {
    return Files.isDirectory(root.resolve(MAPS));
  }

  List<String> mapNames() throws BpfException {
    return names(root.resolve(MAPS));
  }

  /** The names of the programs that are attached, whatever their generation. */
  List<String> programs() throws BpfException {
    var programs = new ArrayList<String>();
    for (var generation : names(root.resolve(LINKS))) {
      programs.addAll(names(root.resolve(LINKS).resolve(generation)));
    }
    return programs;
  }

  /** Detaches the programs of all generations but this one. */
  void removeLinksBut(int generation) throws BpfException {
    for (var name : names(root.resolve(LINKS))) {
      if (!name.equals(Integer.toString(generation))) {
        remove(root.resolve(LINKS).resolve(name));
      }
    }
  }

  void removeLinks(int generation) throws BpfException {
    remove(root.resolve(LINKS).resolve(Integer.toString(generation)));
  }

  /** Everything goes on acting under other names. */
  void moveAside() throws BpfException {
    make(root.resolve(OLD));
    for (var name : List.of(LINKS, MAPS)) {
      var from = root.resolve(name);
      if (Files.exists(from, LinkOption.NOFOLLOW_LINKS)) {
        try {
          Files.move(from, root.resolve(OLD).resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
          throw failure("renaming " + from, e);
        }
      }
    }
  }

  /** Links first: a program whose maps are emptied under it would act wrongly. */
  void removeOld() throws BpfException {
    remove(root.resolve(OLD).resolve(LINKS));
    remove(root.resolve(OLD));
  }

  void removeAll() throws BpfException {
    removeOld();
    remove(root.resolve(LINKS));
    remove(root);
  }

  /** With all below; nothing happens if it is not there. */
  static void remove(Path path) throws BpfException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      for (var name : names(path)) {
        remove(path.resolve(name));
      }
    }
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw failure("removing " + path, e);
    }
  }

  private static List<String> names(Path folder) throws BpfException {
    var names = new ArrayList<String>();
    if (Files.isDirectory(folder)) {
      try (var entries = Files.list(folder)) {
        entries.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
      } catch (IOException e) {
        throw failure("listing " + folder, e);
      }
    }
    return names;
  }

  private static void make(Path folder) throws BpfException {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw failure("making " + folder, e);
    }
  }

  private static BpfException failure(String what, IOException e) {
    return new BpfException("bpffs", 0, what + " failed: " + e);
  }
}
