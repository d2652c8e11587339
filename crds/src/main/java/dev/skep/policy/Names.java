package dev.skep.policy;

import java.util.regex.Pattern;

/** What Kubernetes takes as names. */
final class Names {
  static final int LABEL_LENGTH = 63;
  static final int SUBDOMAIN_LENGTH = 253;
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
  private static final Pattern SUBDOMAIN = Pattern.compile(LABEL + "(\\." + LABEL + ")*");

  private Names() {}

  /** As namespaces and containers are called: RFC 1123's label. */
  static boolean isLabel(String text) {
    return text.length() <= LABEL_LENGTH && LABEL.matcher(text).matches();
  }

  /** As most objects are called: labels, joined by dots. */
  static boolean isSubdomain(String text) {
    return text.length() <= SUBDOMAIN_LENGTH && SUBDOMAIN.matcher(text).matches();
  }
}
