package dev.skep.events.json;

import com.fasterxml.jackson.core.io.SerializedString;
import dev.skep.events.Namespace;
import dev.skep.events.Namespaces;
import dev.skep.events.UserNamespace;
import java.io.IOException;

/** Writes namespaces. */
final class NamespaceJson {
  private static final SerializedString UTS = new SerializedString("uts");
  private static final SerializedString IPC = new SerializedString("ipc");
  private static final SerializedString MNT = new SerializedString("mnt");
  private static final SerializedString PID = new SerializedString("pid");
  private static final SerializedString PID_FOR_CHILDREN = new SerializedString("pid_for_children");
  private static final SerializedString NET = new SerializedString("net");
  private static final SerializedString TIME = new SerializedString("time");
  private static final SerializedString TIME_FOR_CHILDREN =
      new SerializedString("time_for_children");
  private static final SerializedString CGROUP = new SerializedString("cgroup");
  private static final SerializedString USER = new SerializedString("user");
  private static final SerializedString INUM = new SerializedString("inum");
  private static final SerializedString IS_HOST = new SerializedString("is_host");
  private static final SerializedString LEVEL = new SerializedString("level");
  private static final SerializedString UID = new SerializedString("uid");
  private static final SerializedString GID = new SerializedString("gid");
  private static final SerializedString NS = new SerializedString("ns");

  private NamespaceJson() {}

  static void write(JsonLine out, Namespaces all) throws IOException {
    out.json().writeStartObject();
    field(out, UTS, all.uts());
    field(out, IPC, all.ipc());
    field(out, MNT, all.mnt());
    field(out, PID, all.pid());
    field(out, PID_FOR_CHILDREN, all.pidForChildren());
    field(out, NET, all.net());
    field(out, TIME, all.time());
    field(out, TIME_FOR_CHILDREN, all.timeForChildren());
    field(out, CGROUP, all.cgroup());
    field(out, USER, all.user());
    out.json().writeEndObject();
  }

  static void write(JsonLine out, UserNamespace user) throws IOException {
    var json = out.json();
    json.writeStartObject();
    json.writeFieldName(LEVEL);
    json.writeNumber(user.level());
    out.unsigned(UID, user.uid());
    out.unsigned(GID, user.gid());
    field(out, NS, user.namespace());
    json.writeEndObject();
  }

  private static void field(JsonLine out, SerializedString name, Namespace namespace)
      throws IOException {
    if (namespace.inum() != 0) {
      var json = out.json();
      json.writeFieldName(name);
      json.writeStartObject();
      out.unsigned(INUM, namespace.inum());
      if (namespace.host()) {
        json.writeFieldName(IS_HOST);
        json.writeBoolean(true);
      }
      json.writeEndObject();
    }
  }
}
