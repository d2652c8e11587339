package dev.skep.policy;

/** A text is no YAML or JSON, or is built to exhaust its reader. */
final class MalformedDocumentException extends Exception {
  private static final long serialVersionUID = 1;

  private final String place;
  private final String reason;

  /**
   * @param place such as {@code line 3}
   */
  MalformedDocumentException(String place, String reason) {
    super(place + ": " + reason);
    this.place = place;
    this.reason = reason;
  }

  String place() {
    return place;
  }

  String reason() {
    return reason;
  }
}
