package dev.skep.bpf.layout;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.PathElement.sequenceElement;
import static java.lang.foreign.MemoryLayout.sequenceLayout;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * shared.h in Java: the same names, widths and order, host byte order. A test compares each with
 * the types that the compiler wrote into the built objects.
 */
public final class Structs {
  public static final int LAYOUT = 12; // SKEP_LAYOUT
  public static final int HANDING_OVER = 1;
  public static final int DATA_MAX_BYTES = 4096;
  public static final int BINARY_BYTES = 256;
  public static final int HOOKS_MAX = 4096;
  public static final int HOOK_WORDS = HOOKS_MAX / Long.SIZE;
  public static final int COVERS_MAX = 2048;
  public static final int CHAIN_MAX = 32;
  public static final int SYSCALLS_MAX = 512;
  public static final int FUNCTIONS_MAX = 512;
  public static final int POINTS_MAX = SYSCALLS_MAX + FUNCTIONS_MAX;
  public static final int FUNCTION_NAME_BYTES = 128;
  public static final int ARGUMENTS_MAX = 8;
  public static final int REGISTERS_MAX = 6;
  public static final int SELECTORS_MAX = 16;
  public static final int FILTERS_MAX = 256;
  public static final int INLINE_VALUES = 4;
  public static final int OF_RETURN = 255;
  public static final int IN_SET = 255;
  public static final int OUTSIDE_HOST = 1;
  public static final int BINARY_OWN = 0;
  public static final int BINARY_OF_PARENT = 1;
  public static final int FOLLOWED_SETS_MAX = 64;
  public static final int SPACES_SHARED = 16;
  public static final int FOLLOWED_BY_BINARY = 1;
  public static final int FOLLOWED_BY_PREFIX = 2;
  public static final int FOLLOWED_BY_POSTFIX = 4;
  public static final int VALUE_SETS_MAX = 16_384;
  public static final int TEXT_SMALL = 64;
  public static final int TEXT_MEDIUM = 512;
  public static final int TEXT_LARGE = 4096;
  public static final int PREFIX_BYTES = 256;
  public static final int POSTFIX_BYTES = 128;
  public static final int POLICY_BYTES = 40;
  public static final int HASH_BYTES = 32;
  public static final int SELECTOR_CARRIED = 255;
  public static final int PROCESS_IN_INIT_TREE = 1;
  public static final int PROCESS_UNTOLD = 2;
  public static final int DATA_CHUNK_BYTES = 16_384;
  public static final int LONG_TEXT_MAX = 2 << 20;
  public static final int EXEC_ARGUMENTS_IN_DATA = 1 << 30;
  public static final int EXEC_ENVIRONMENT_IN_DATA = 1 << 31;
  public static final int THROTTLE_EVENTS_MAX = (1 << 24) - 1;

  public static final StructLayout PROCESS_KEY =
      struct("process_key", u32("pid"), u32("padding"), u64("start"));

  public static final StructLayout RECORD_HEADER =
      struct(
          "record_header",
          u32("size"),
          u16("kind"),
          u16("cpu"),
          u64("time"),
          PROCESS_KEY.withName("process"),
          u64("began"),
          u64("cgroup"),
          u32("tid"),
          u32("uid"));

  public static final StructLayout CAPABILITIES =
      struct("capabilities", u64("permitted"), u64("effective"), u64("inheritable"));

  public static final StructLayout NAMESPACES =
      struct(
          "namespaces",
          u32("uts"),
          u32("ipc"),
          u32("mnt"),
          u32("pid"),
          u32("pid_for_children"),
          u32("net"),
          u32("time"),
          u32("time_for_children"),
          u32("cgroup"),
          u32("user"));

  public static final StructLayout CREDENTIALS =
      struct(
          "credentials",
          u32("uid"),
          u32("gid"),
          u32("euid"),
          u32("egid"),
          u32("suid"),
          u32("sgid"),
          u32("fsuid"),
          u32("fsgid"),
          u32("secure_bits"),
          u32("user_level"),
          u32("user_owner"),
          u32("user_group"),
          CAPABILITIES.withName("capabilities"));

  public static final StructLayout EXECUTABLE =
      struct(
          "executable",
          u64("device"),
          u64("inode"),
          u32("links"),
          u32("setuid"),
          u32("setgid"),
          u32("padding"));

  public static final StructLayout FORK_RECORD =
      struct(
          "fork_record",
          RECORD_HEADER.withName("header"),
          PROCESS_KEY.withName("parent"),
          u64("parent_began"),
          u32("namespace_pid"),
          u32("flags"));

  public static final StructLayout EXEC_RECORD =
      struct(
          "exec_record",
          RECORD_HEADER.withName("header"),
          PROCESS_KEY.withName("parent"),
          u64("parent_began"),
          u32("namespace_pid"),
          u32("login_uid"),
          u32("flags"),
          u16("path_size"),
          u16("cwd_size"),
          u32("arguments_size"),
          u32("environment_size"),
          CREDENTIALS.withName("credentials"),
          NAMESPACES.withName("namespaces"),
          EXECUTABLE.withName("executable"));

  public static final StructLayout DATA_RECORD =
      struct("data_record", RECORD_HEADER.withName("header"), u32("offset"), u32("text"));

  public static final StructLayout THROTTLE_RECORD =
      struct("throttle_record", RECORD_HEADER.withName("header"));

  public static final StructLayout CGROUP_RECORD =
      struct(
          "cgroup_record",
          RECORD_HEADER.withName("header"),
          u64("cgroup"),
          u64("parent"),
          u32("level"),
          u32("path_size"));

  public static final StructLayout EXIT_RECORD =
      struct("exit_record", RECORD_HEADER.withName("header"), u32("code"), u32("padding"));

  public static final StructLayout HOOK_RECORD =
      struct(
          "hook_record",
          RECORD_HEADER.withName("header"),
          u32("slot"),
          u16("point"),
          u8("selector"),
          u8("action"),
          u32("version"),
          u16("signal"),
          u8("flags"),
          u8("argument_count"),
          u32("share"),
          u32("padding"));

  public static final StructLayout ARGUMENT_HEADER =
      struct(
          "argument_header",
          u8("kind"),
          u8("index"),
          u8("flags"),
          u8("padding"),
          u32("size"),
          u64("value"));

  public static final StructLayout RETURN_RECORD =
      struct(
          "return_record",
          RECORD_HEADER.withName("header"),
          u32("slot"),
          u32("version"),
          u64("entry_time"),
          u64("value"),
          u8("selector"),
          u8("action"),
          u16("signal"),
          u32("padding"));

  public static final StructLayout ARGUMENT_PLAN =
      struct(
          "argument_plan",
          u8("kind"),
          u8("index"),
          u8("size_index"),
          u8("bytes"),
          u16("offset"),
          u16("length"),
          u8("length_bytes"),
          array("padding", 7, JAVA_BYTE));

  public static final StructLayout FILTER_PLAN =
      struct(
          "filter_plan",
          u8("operator"),
          u8("negated"),
          u8("argument"),
          u8("count"),
          u8("selector"),
          u8("last"),
          u16("set"),
          array("values", INLINE_VALUES, JAVA_LONG));

  public static final StructLayout SELECTOR_PLAN =
      struct(
          "selector_plan",
          u8("post"),
          u8("signal"),
          u8("limit_scope"),
          u8("return_signal"),
          u32("limit_seconds"),
          u32("error"));

  public static final StructLayout HOOK_PLAN =
      struct(
          "hook_plan",
          u32("slot"),
          u32("version"),
          u32("share"),
          u32("share_padding"),
          u8("wants_return"),
          u8("signals"),
          u8("limits"),
          u8("overrides"),
          u8("return_kind"),
          u8("return_signals"),
          u16("asking"),
          u16("telling"),
          u8("networks"),
          array("padding", 5, JAVA_BYTE),
          array("limit_key", 2, JAVA_LONG),
          array("arguments", ARGUMENTS_MAX, ARGUMENT_PLAN),
          array("selectors", SELECTORS_MAX, SELECTOR_PLAN),
          array("filters", FILTERS_MAX, FILTER_PLAN));

  public static final StructLayout HOOK_BITS =
      struct("hook_bits", array("words", HOOK_WORDS, JAVA_LONG));

  public static final StructLayout WATCHED_WORDS =
      struct("watched_words", u64("entry"), u64("returns"), u64("overrides"));

  public static final StructLayout BINARY_VALUE =
      struct("binary_value", u16("size"), u16("unused"), array("binary", BINARY_BYTES, JAVA_BYTE));

  public static final StructLayout PROCESS_VALUE =
      struct(
          "process_value",
          PROCESS_KEY.withName("key"),
          PROCESS_KEY.withName("parent"),
          u64("began"),
          u64("parent_began"),
          u64("cgroup"),
          u64("followed"),
          CAPABILITIES.withName("capabilities"),
          NAMESPACES.withName("namespaces"),
          u32("secure_bits"),
          u32("user_level"),
          u32("user_owner"),
          u32("user_group"),
          u32("namespace_pid"),
          u16("binary_size"),
          u8("level"),
          u8("flags"),
          array("binary", BINARY_BYTES, JAVA_BYTE),
          BINARY_VALUE.withName("parent_binary"),
          u32("exec_id"));

  public static final StructLayout PROCESS_LIMITS =
      struct(
          "process_limits",
          u32("argument_bytes"),
          u32("environment_bytes"),
          u64("throttle_interval"),
          u32("throttle_events"),
          u8("parent_binaries"),
          u8("sees_credentials"),
          u16("padding"));

  public static final int NAMESPACE_KINDS = 10;

  public static final StructLayout NAMESPACE_OFFSETS =
      struct("namespace_offsets", u32("pointer"), u32("inode"));

  public static final int NETWORK_OFFSETS = 29;

  public static final StructLayout NODE_VIEW =
      struct(
          "node_view",
          u64("cgroup"),
          u32("cgroup_level"),
          u32("pid_level"),
          u32("pid_namespace"),
          u32("padding"),
          array("namespaces", NAMESPACE_KINDS, NAMESPACE_OFFSETS),
          sequenceLayout(NETWORK_OFFSETS, JAVA_INT).withName("offsets"),
          u32("last_padding"));

  public static final int CGROUP_LEVELS_MAX = 32;

  public static final StructLayout WHEREABOUTS =
      struct(
          "whereabouts",
          u32("pid_level"),
          u32("pid_namespace"),
          u32("cgroup_level"),
          u32("padding"),
          sequenceLayout(CGROUP_LEVELS_MAX, JAVA_LONG).withName("cgroups"),
          array("namespaces", NAMESPACE_KINDS, NAMESPACE_OFFSETS));

  public static final StructLayout THROTTLE_VALUE =
      struct("throttle_value", u64("last"), u64("suppressed"));

  public static final StructLayout FOLLOWED_KEY =
      struct("followed_key", u32("pid"), u32("in_namespace"));

  public static final StructLayout PROCESS_COUNTERS =
      struct(
          "process_counters",
          u64("forks"),
          u64("execs"),
          u64("exits"),
          u64("suppressed"),
          u64("window"));

  public static final StructLayout COUNTER_KEY =
      struct("counter_key", u32("slot"), u32("selector"));

  public static final StructLayout HOOK_COUNTERS =
      struct(
          "hook_counters_value",
          u64("posted"),
          u64("suppressed"),
          u64("enforced"),
          u64("monitored"),
          u64("dropped"),
          u64("last_action"));

  public static final StructLayout HOOK_STATE =
      struct(
          "hook_state",
          array("policy", POLICY_BYTES, JAVA_BYTE),
          u64("generation"),
          u32("index"),
          u32("monitor"),
          u32("version"),
          u32("chosen"),
          array("plan_hash", HASH_BYTES, JAVA_BYTE),
          array("program_hash", HASH_BYTES, JAVA_BYTE),
          u64("base_forks"),
          u64("base_execs"),
          u64("base_exits"),
          u32("folded"),
          u32("folded_padding"));

  public static final StructLayout CGROUP_COVER =
      struct("cgroup_cover", u64("cgroup"), u32("cover"), u32("padding"));

  public static final StructLayout COVERING = struct("covering", u32("any"), u32("others"));

  public static final StructLayout COVER_COUNTERS =
      struct("cover_counters", u64("forks"), u64("execs"), u64("exits"));

  public static final StructLayout TEXT_KEY_SMALL = text("text_key_small", "size", TEXT_SMALL);
  public static final StructLayout TEXT_KEY_MEDIUM = text("text_key_medium", "size", TEXT_MEDIUM);
  public static final StructLayout TEXT_KEY_LARGE = text("text_key_large", "size", TEXT_LARGE);
  public static final StructLayout PREFIX_KEY = text("prefix_key", "bits", PREFIX_BYTES);
  public static final StructLayout POSTFIX_KEY = text("postfix_key", "bits", POSTFIX_BYTES);

  public static final StructLayout RANGE_KEY =
      struct("range_key", u32("bits"), array("number", Long.BYTES, JAVA_BYTE));

  public static final StructLayout IP_ADDRESS = struct("ip_address", array("words", 2, JAVA_LONG));

  public static final StructLayout NETWORK_KEY =
      struct("network_key", u32("bits"), u32("version"), IP_ADDRESS.withName("address"));

  public static final StructLayout NETWORK =
      struct(
          "network",
          u64("cookie"),
          IP_ADDRESS.withName("source"),
          IP_ADDRESS.withName("destination"),
          u32("mark"),
          u32("priority"),
          u32("hash"),
          u32("length"),
          u32("security_path"),
          u32("security_path_offloaded"),
          u16("source_port"),
          u16("destination_port"),
          u16("family"),
          u16("type"),
          u16("protocol"),
          u8("state"),
          u8("flags"),
          u32("padding"));

  /** Of map `drops`, in the order of enum drop_cause. */
  public static final List<String> DROP_CAUSES =
      List.of(
          "ring_fork",
          "ring_exec",
          "ring_exit",
          "ring_hook",
          "ring_return",
          "process_map_full",
          "cgroup_map_full",
          "return_map_full",
          "chain_cut",
          "ring_data",
          "ring_throttle",
          "throttle_map_full",
          "ring_cgroup",
          "cover_map_full",
          "verdict_map_full",
          "scratch_full",
          "return_stale",
          "ring_share");

  private Structs() {}

  /** In bytes; {@code path} as in C: {@code header.process.pid}, {@code selectors[2].post}. */
  public static long offset(StructLayout struct, String path) {
    var elements = new ArrayList<PathElement>();
    for (var part : path.split("\\.", -1)) {
      int bracket = part.indexOf('[');
      if (bracket < 0) {
        elements.add(groupElement(part));
      } else {
        elements.add(groupElement(part.substring(0, bracket)));
        elements.add(sequenceElement(Long.parseLong(part, bracket + 1, part.length() - 1, 10)));
      }
    }
    return struct.byteOffset(elements.toArray(PathElement[]::new));
  }

  private static StructLayout struct(String name, MemoryLayout... members) {
    return MemoryLayout.structLayout(members).withName(name);
  }

  private static StructLayout text(String name, String length, int bytes) {
    return struct(name, u32(length), array("text", bytes, JAVA_BYTE));
  }

  private static MemoryLayout array(String name, int count, MemoryLayout element) {
    return sequenceLayout(count, element).withName(name);
  }

  private static ValueLayout u8(String name) {
    return JAVA_BYTE.withName(name);
  }

  private static ValueLayout u16(String name) {
    return JAVA_SHORT.withName(name);
  }

  private static ValueLayout u32(String name) {
    return JAVA_INT.withName(name);
  }

  private static ValueLayout u64(String name) {
    return JAVA_LONG.withName(name);
  }
}
