package dev.skep.bpf.kernel;

import dev.skep.bpf.layout.Structs;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of what makes a hook what it is. Equal on all nodes and in all runs. */
record PlanHash(String hex) {
  static final PlanHash NONE = new PlanHash("0".repeat(2 * Structs.HASH_BYTES));

  static PlanHash of(byte[] bytes) {
    return new PlanHash(HexFormat.of().formatHex(bytes));
  }

  static PlanHash of(MessageDigest digest) {
    return of(digest.digest());
  }

  static PlanHash ofContent(byte[] file) {
    return of(sha256().digest(file));
  }

  byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
