package dev.skep.events.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.util.Arrays;

/**
 * A line and a generator that writes into it, and protobuf's ways of writing what JSON has no type
 * for. "Plain" fields are left out at zero, as protobuf does with scalars; all others are written
 * whatever they hold, as it does with wrappers and members of a oneof.
 *
 * <p>What is the same in every event, and texts without escapes, go into the line as bytes; the
 * generator writes whole values between them. One thread.
 */
final class JsonLine {
  private static final JsonFactory JSON = new JsonFactory().setRootValueSeparator(null);
  private static final JsonGenerator.Feature QUOTED_NUMBERS =
      JsonWriteFeature.WRITE_NUMBERS_AS_STRINGS.mappedFeature();

  private final Line line = new Line();
  private final Timestamps timestamps = new Timestamps();
  private final JsonGenerator json;

  JsonLine() {
    try {
      json = JSON.createGenerator(line).disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
    } catch (IOException e) {
      throw new AssertionError("writing to memory does not fail", e);
    }
  }

  JsonGenerator json() {
    return json;
  }

  /** Begins another line; the last one's bytes are no longer valid. */
  void clear() {
    line.clear();
  }

  Line line() {
    return line;
  }

  /** The generator has written whole values: they go into the line, which can be written again. */
  void end() throws IOException {
    json.flush();
  }

  /** What the line holds. */
  byte[] copy() {
    return Arrays.copyOf(line.bytes(), line.length());
  }

  /** How long it is so far, within an object as well. */
  int length() throws IOException {
    json.flush();
    return line.length();
  }

  /** A field of the line itself. */
  void plain(byte[] name, String text) throws IOException {
    if (!text.isEmpty()) {
      line.write(name);
      text(text);
    }
  }

  /** A value of the line itself. */
  void text(String text) throws IOException {
    if (!line.plain(text)) {
      json.writeString(text);
      end();
    }
  }

  /** A value of the line itself, between quotes that are there. */
  void time(long nanos) {
    line.write(timestamps.text(), 0, timestamps.format(nanos));
  }

  void plain(SerializableString name, String text) throws IOException {
    if (!text.isEmpty()) {
      json.writeFieldName(name);
      json.writeString(text);
    }
  }

  void plain(SerializableString name, int number) throws IOException {
    if (number != 0) {
      unsigned(name, number);
    }
  }

  void plainUnsigned64(SerializableString name, long number) throws IOException {
    if (number != 0) {
      json.writeFieldName(name);
      unsigned64(number);
    }
  }

  void unsigned(SerializableString name, int number) throws IOException {
    json.writeFieldName(name);
    unsigned(number);
  }

  void unsigned(int number) throws IOException {
    json.writeNumber(Integer.toUnsignedLong(number));
  }

  /** 64 bits are more than a JSON number holds everywhere: they are written as text. */
  void signed64(long number) throws IOException {
    json.enable(QUOTED_NUMBERS);
    json.writeNumber(number);
    json.disable(QUOTED_NUMBERS);
  }

  void unsigned64(long number) throws IOException {
    if (number >= 0) {
      signed64(number);
    } else {
      json.writeString(Long.toUnsignedString(number));
    }
  }

  void time(SerializableString name, long nanos) throws IOException {
    json.writeFieldName(name);
    int length = timestamps.format(nanos);
    json.writeRawUTF8String(timestamps.text(), 0, length);
  }
}
