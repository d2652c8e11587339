package dev.skep.events.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;

/**
 * A generator that writes into a {@link Line}, and protobuf's ways of writing what JSON has no type
 * for. "Plain" fields are left out at zero, as protobuf does with scalars; all others are written
 * whatever they hold, as it does with wrappers and members of a oneof. One thread.
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

  /** The line so far, whole: at the end of its outermost object. */
  Line line() throws IOException {
    json.flush();
    return line;
  }

  /** How long it is so far, within an object as well. */
  int length() throws IOException {
    json.flush();
    return line.length();
  }

  /** The line, for its writer to put the bytes of one value there, which is due now. */
  Line encodedValue() throws IOException {
    json.writeRawValue(""); // the generator's part of a value: the colon before and the comma after
    json.flush();
    return line;
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
