package dev.skep.events.json;

import static dev.skep.events.KernelText.wellFormed;

import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.io.SerializedString;
import dev.skep.events.Argument;
import dev.skep.events.Argument.BytesArg;
import dev.skep.events.Argument.ErrorArg;
import dev.skep.events.Argument.FileArg;
import dev.skep.events.Argument.IntArg;
import dev.skep.events.Argument.LinuxBinprmArg;
import dev.skep.events.Argument.LongArg;
import dev.skep.events.Argument.NetDevArg;
import dev.skep.events.Argument.PathArg;
import dev.skep.events.Argument.SizeArg;
import dev.skep.events.Argument.SkbArg;
import dev.skep.events.Argument.SockArg;
import dev.skep.events.Argument.SockaddrArg;
import dev.skep.events.Argument.SockaddrUnArg;
import dev.skep.events.Argument.StringArg;
import dev.skep.events.Argument.SyscallArg;
import dev.skep.events.Argument.TruncatedBytesArg;
import dev.skep.events.Argument.UintArg;
import dev.skep.events.Bytes;
import java.io.IOException;

/** Writes arguments of calls. */
final class ArgumentJson {
  private static final SerializedString STRING_ARG = new SerializedString("string_arg");
  private static final SerializedString INT_ARG = new SerializedString("int_arg");
  private static final SerializedString SIZE_ARG = new SerializedString("size_arg");
  private static final SerializedString BYTES_ARG = new SerializedString("bytes_arg");
  private static final SerializedString PATH_ARG = new SerializedString("path_arg");
  private static final SerializedString FILE_ARG = new SerializedString("file_arg");
  private static final SerializedString LINUX_BINPRM_ARG = new SerializedString("linux_binprm_arg");
  private static final SerializedString TRUNCATED_BYTES_ARG =
      new SerializedString("truncated_bytes_arg");
  private static final SerializedString LONG_ARG = new SerializedString("long_arg");
  private static final SerializedString UINT_ARG = new SerializedString("uint_arg");
  private static final SerializedString ERROR_ARG = new SerializedString("error_arg");
  private static final SerializedString SYSCALL_ID = new SerializedString("syscall_id");
  private static final SerializedString LABEL = new SerializedString("label");

  private static final SerializedString MOUNT = new SerializedString("mount");
  private static final SerializedString PATH = new SerializedString("path");
  private static final SerializedString FLAGS = new SerializedString("flags");
  private static final SerializedString PERMISSION = new SerializedString("permission");
  private static final SerializedString ORIG_SIZE = new SerializedString("orig_size");
  private static final SerializedString ID = new SerializedString("id");
  private static final SerializedString ABI = new SerializedString("abi");
  private static final SerializedString MESSAGE = new SerializedString("Message");

  private ArgumentJson() {}

  static void write(JsonLine out, Argument argument) throws IOException {
    var json = out.json();
    json.writeStartObject();
    if (!comesBeforeLabel(argument)) {
      out.plain(LABEL, wellFormed(argument.label()));
      writeValue(out, argument);
    } else {
      writeValue(out, argument);
      out.plain(LABEL, wellFormed(argument.label()));
    }
    json.writeEndObject();
  }

  /** The label's number, 18, lies between those of the kinds. */
  private static boolean comesBeforeLabel(Argument argument) {
    return switch (argument) {
      case ErrorArg _, LinuxBinprmArg _, SockaddrArg _, SockaddrUnArg _ -> false;
      case NetDevArg _, SyscallArg _ -> false;
      case IntArg _, UintArg _, SizeArg _, LongArg _, StringArg _, FileArg _, PathArg _ -> true;
      case BytesArg _, TruncatedBytesArg _, SockArg _, SkbArg _ -> true;
    };
  }

  private static void writeValue(JsonLine out, Argument argument) throws IOException {
    var json = out.json();
    switch (argument) {
      case IntArg(int value, _) -> {
        json.writeFieldName(INT_ARG);
        json.writeNumber(value);
      }
      case UintArg(int value, _) -> out.unsigned(UINT_ARG, value);
      case SizeArg(long value, _) -> {
        json.writeFieldName(SIZE_ARG);
        out.unsigned64(value);
      }
      case LongArg(long value, _) -> {
        json.writeFieldName(LONG_ARG);
        out.signed64(value);
      }
      case StringArg(var value, _) -> {
        json.writeFieldName(STRING_ARG);
        json.writeString(value);
      }
      case FileArg(var mount, var path, var flags, var permission, _) ->
          file(out, FILE_ARG, mount, path, flags, permission);
      case PathArg(var mount, var path, var flags, var permission, _) ->
          file(out, PATH_ARG, mount, path, flags, permission);
      case LinuxBinprmArg(var path, var flags, var permission, _) ->
          file(out, LINUX_BINPRM_ARG, "", path, flags, permission);
      case BytesArg(var value, _) -> {
        json.writeFieldName(BYTES_ARG);
        base64(out, value);
      }
      case TruncatedBytesArg(var value, long originalSize, _) -> {
        json.writeFieldName(TRUNCATED_BYTES_ARG);
        json.writeStartObject();
        if (value.length() > 0) {
          json.writeFieldName(BYTES_ARG);
          base64(out, value);
        }
        out.plainUnsigned64(ORIG_SIZE, originalSize);
        json.writeEndObject();
      }
      case SockArg sock -> NetworkJson.write(out, sock);
      case SkbArg skb -> NetworkJson.write(out, skb);
      case SockaddrArg address -> NetworkJson.write(out, address);
      case SockaddrUnArg address -> NetworkJson.write(out, address);
      case NetDevArg device -> NetworkJson.write(out, device);
      case SyscallArg(int number, var abi, _) -> {
        json.writeFieldName(SYSCALL_ID);
        json.writeStartObject();
        out.plain(ID, number);
        out.plain(ABI, abi);
        json.writeEndObject();
      }
      case ErrorArg(var message, _) -> {
        json.writeFieldName(ERROR_ARG);
        json.writeStartObject();
        out.plain(MESSAGE, wellFormed(message));
        json.writeEndObject();
      }
    }
  }

  private static void file(
      JsonLine out,
      SerializedString kind,
      String mount,
      String path,
      String flags,
      String permission)
      throws IOException {
    var json = out.json();
    json.writeFieldName(kind);
    json.writeStartObject();
    out.plain(MOUNT, mount);
    out.plain(PATH, path);
    out.plain(FLAGS, flags);
    out.plain(PERMISSION, permission);
    json.writeEndObject();
  }

  private static void base64(JsonLine out, Bytes bytes) throws IOException {
    out.json().writeBinary(Base64Variants.MIME_NO_LINEFEEDS, bytes.array(), 0, bytes.length());
  }
}
