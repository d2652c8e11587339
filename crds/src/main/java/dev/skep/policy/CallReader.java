package dev.skep.policy;

import dev.skep.policy.ast.Call;
import dev.skep.policy.ast.Call.Abi;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What {@code call}, and the values of lists, name. */
final class CallReader {
  private static final List<String> X64_PREFIXES = List.of("x64/__x64_sys_", "x64/sys_", "x64/");
  private static final List<String> I386_PREFIXES =
      List.of("i386/__ia32_sys_", "i386/sys_", "i386/", "__ia32_sys_");
  private static final List<String> NATIVE_PREFIXES = List.of("__x64_sys_", "sys_");
  private static final List<String> OTHER_TABLES =
      List.of("__ia32_", "__arm64_", "__arm32_", "arm64/", "arm32/");

  /** Compilers add dots to the names of what they split off. */
  private static final Pattern SYMBOL = Pattern.compile("[A-Za-z_][A-Za-z0-9_.$]{0,255}");

  private final Problems problems;

  CallReader(Problems problems) {
    this.problems = problems;
  }

  Call.@Nullable Syscall readSyscall(String call, String path) {
    var i386 = prefix(call, I386_PREFIXES);
    if (i386 != null) {
      return read(Abi.I386, call, i386, path);
    }
    if (OTHER_TABLES.stream().anyMatch(call::startsWith)) {
      problems.unsupported(path, "calls other than those of x86 programs");
      return null;
    }
    var x64 = prefix(call, X64_PREFIXES);
    var prefix = x64 != null ? x64 : prefix(call, NATIVE_PREFIXES);
    return read(Abi.X64, call, prefix == null ? "" : prefix, path);
  }

  private static @Nullable String prefix(String call, List<String> prefixes) {
    return prefixes.stream().filter(call::startsWith).findFirst().orElse(null);
  }

  private Call.@Nullable Syscall read(Abi abi, String call, String prefix, String path) {
    var function = call.substring(prefix.length());
    var name = Syscalls.ofFunction(abi, function);
    if (name.isEmpty()) {
      problems.invalid(
          path,
          "is "
              + Text.quote(call)
              + ", no system call"
              + (problems.tooMany() ? "" : near(abi, prefix, function)));
      return null;
    }
    return new Call.Syscall(abi, name.get(), Syscalls.number(abi, name.get()).orElseThrow());
  }

  private static String near(Abi abi, String prefix, String name) {
    return Text.nearest(name, Syscalls.names(abi))
        .map(
            near -> "; did you mean " + Text.quote((abi == Abi.X64 ? "sys_" : prefix) + near) + "?")
        .orElse("; for another function of the kernel write syscall: false");
  }

  Call.@Nullable Function readFunction(String call, String path) {
    if (!SYMBOL.matcher(call).matches()) {
      problems.invalid(path, "is " + Text.quote(call) + ", which no function can be called");
      return null;
    }
    return new Call.Function(call);
  }
}
