package dev.skep.events.json;

import com.fasterxml.jackson.core.io.SerializedString;
import dev.skep.events.BinaryProperties;
import dev.skep.events.Capabilities;
import dev.skep.events.Credentials;
import dev.skep.events.FileProperties;
import dev.skep.events.PrivilegesChanged;
import java.io.IOException;
import java.util.stream.Stream;

/** Writes what a process may do and as whom, and how a program came to that. */
final class CredentialsJson {
  private static final SerializedString PERMITTED = new SerializedString("permitted");
  private static final SerializedString EFFECTIVE = new SerializedString("effective");
  private static final SerializedString INHERITABLE = new SerializedString("inheritable");
  private static final SerializedString UID = new SerializedString("uid");
  private static final SerializedString GID = new SerializedString("gid");
  private static final SerializedString EUID = new SerializedString("euid");
  private static final SerializedString EGID = new SerializedString("egid");
  private static final SerializedString SUID = new SerializedString("suid");
  private static final SerializedString SGID = new SerializedString("sgid");
  private static final SerializedString FSUID = new SerializedString("fsuid");
  private static final SerializedString FSGID = new SerializedString("fsgid");
  private static final SerializedString SECUREBITS = new SerializedString("securebits");
  private static final SerializedString CAPS = new SerializedString("caps");
  private static final SerializedString USER_NS = new SerializedString("user_ns");
  private static final SerializedString SETUID = new SerializedString("setuid");
  private static final SerializedString SETGID = new SerializedString("setgid");
  private static final SerializedString PRIVILEGES_CHANGED =
      new SerializedString("privileges_changed");
  private static final SerializedString FILE = new SerializedString("file");
  private static final SerializedString INODE = new SerializedString("inode");
  private static final SerializedString NUMBER = new SerializedString("number");
  private static final SerializedString LINKS = new SerializedString("links");
  private static final SerializedString PATH = new SerializedString("path");

  /** By number. That the second lacks its prefix is so on the wire. */
  private static final SerializedString[] CAPABILITY_NAMES =
      names(
          "CAP_CHOWN",
          "DAC_OVERRIDE",
          "CAP_DAC_READ_SEARCH",
          "CAP_FOWNER",
          "CAP_FSETID",
          "CAP_KILL",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SETPCAP",
          "CAP_LINUX_IMMUTABLE",
          "CAP_NET_BIND_SERVICE",
          "CAP_NET_BROADCAST",
          "CAP_NET_ADMIN",
          "CAP_NET_RAW",
          "CAP_IPC_LOCK",
          "CAP_IPC_OWNER",
          "CAP_SYS_MODULE",
          "CAP_SYS_RAWIO",
          "CAP_SYS_CHROOT",
          "CAP_SYS_PTRACE",
          "CAP_SYS_PACCT",
          "CAP_SYS_ADMIN",
          "CAP_SYS_BOOT",
          "CAP_SYS_NICE",
          "CAP_SYS_RESOURCE",
          "CAP_SYS_TIME",
          "CAP_SYS_TTY_CONFIG",
          "CAP_MKNOD",
          "CAP_LEASE",
          "CAP_AUDIT_WRITE",
          "CAP_AUDIT_CONTROL",
          "CAP_SETFCAP",
          "CAP_MAC_OVERRIDE",
          "CAP_MAC_ADMIN",
          "CAP_SYSLOG",
          "CAP_WAKE_ALARM",
          "CAP_BLOCK_SUSPEND",
          "CAP_AUDIT_READ",
          "CAP_PERFMON",
          "CAP_BPF",
          "CAP_CHECKPOINT_RESTORE");

  /** By bit. */
  private static final SerializedString[] SECURE_BIT_NAMES =
      names(
          "SecBitNoRoot",
          "SecBitNoRootLocked",
          "SecBitNoSetUidFixup",
          "SecBitNoSetUidFixupLocked",
          "SecBitKeepCaps",
          "SecBitKeepCapsLocked",
          "SecBitNoCapAmbientRaise",
          "SecBitNoCapAmbientRaiseLocked");

  /** By number, from 1 on. */
  private static final SerializedString[] PRIVILEGES_CHANGED_NAMES =
      names(
          Stream.of(PrivilegesChanged.values())
              .map(why -> "PRIVILEGES_" + why)
              .toArray(String[]::new));

  private CredentialsJson() {}

  static void write(JsonLine out, Capabilities capabilities) throws IOException {
    out.json().writeStartObject();
    bits(out, PERMITTED, capabilities.permitted(), CAPABILITY_NAMES);
    bits(out, EFFECTIVE, capabilities.effective(), CAPABILITY_NAMES);
    bits(out, INHERITABLE, capabilities.inheritable(), CAPABILITY_NAMES);
    out.json().writeEndObject();
  }

  static void write(JsonLine out, Credentials credentials) throws IOException {
    var json = out.json();
    json.writeStartObject();
    out.unsigned(UID, credentials.uid());
    out.unsigned(GID, credentials.gid());
    out.unsigned(EUID, credentials.euid());
    out.unsigned(EGID, credentials.egid());
    out.unsigned(SUID, credentials.suid());
    out.unsigned(SGID, credentials.sgid());
    out.unsigned(FSUID, credentials.fsuid());
    out.unsigned(FSGID, credentials.fsgid());
    bits(out, SECUREBITS, credentials.secureBits(), SECURE_BIT_NAMES);
    json.writeFieldName(CAPS);
    write(out, credentials.capabilities());
    json.writeFieldName(USER_NS);
    NamespaceJson.write(out, credentials.userNamespace());
    json.writeEndObject();
  }

  static void write(JsonLine out, BinaryProperties binary) throws IOException {
    var json = out.json();
    json.writeStartObject();
    if (binary.setuid() != null) {
      out.unsigned(SETUID, binary.setuid());
    }
    if (binary.setgid() != null) {
      out.unsigned(SETGID, binary.setgid());
    }
    long changes = 0;
    for (var why : binary.privilegesChanged()) {
      changes |= 1L << (why.number() - 1);
    }
    bits(out, PRIVILEGES_CHANGED, changes, PRIVILEGES_CHANGED_NAMES);
    if (binary.file() != null) {
      json.writeFieldName(FILE);
      write(out, binary.file());
    }
    json.writeEndObject();
  }

  private static void write(JsonLine out, FileProperties file) throws IOException {
    var json = out.json();
    json.writeStartObject();
    json.writeFieldName(INODE);
    json.writeStartObject();
    out.plainUnsigned64(NUMBER, file.inode());
    out.unsigned(LINKS, file.links());
    json.writeEndObject();
    out.plain(PATH, file.path());
    json.writeEndObject();
  }

  /**
   * The names of the bits that are set, left out if there are none. Bits without a name are not
   * told.
   */
  private static void bits(JsonLine out, SerializedString name, long bits, SerializedString[] names)
      throws IOException {
    long named = bits & ((1L << names.length) - 1);
    if (named != 0) {
      var json = out.json();
      json.writeFieldName(name);
      json.writeStartArray();
      for (long rest = named; rest != 0; rest &= rest - 1) {
        json.writeString(names[Long.numberOfTrailingZeros(rest)]);
      }
      json.writeEndArray();
    }
  }

  private static SerializedString[] names(String... names) {
    return Stream.of(names).map(SerializedString::new).toArray(SerializedString[]::new);
  }
}
