package dev.skep.policy;

import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What keys and values a selector may have. Each answers what is wrong, or null. */
enum SelectorWords {
  LABELS {
    @Override
    @Nullable String wrongKey(String key) {
      return isLabel(key)
          ? null
          : "is "
              + Text.quote(key)
              + ", must be the key of a label, such as app or example.org/tier";
    }

    @Override
    @Nullable String wrongValue(String key, String value) {
      return value.length() <= Names.LABEL_LENGTH && LABEL_VALUE.matcher(value).matches()
          ? null
          : "is "
              + Text.quote(value)
              + ", must be the value of a label: at most 63 letters, digits, \"-\", \"_\" and \".\", with a letter or digit at both ends";
    }
  },

  /** And their namespace, which is none of their labels. */
  POD_LABELS {
    @Override
    @Nullable String wrongKey(String key) {
      return key.equals(Scope.NAMESPACE) ? null : LABELS.wrongKey(key);
    }

    @Override
    @Nullable String wrongValue(String key, String value) {
      return key.equals(Scope.NAMESPACE)
          ? wrongName(value, "a namespace")
          : LABELS.wrongValue(key, value);
    }
  },

  CONTAINER_FIELDS {
    @Override
    @Nullable String wrongKey(String key) {
      return FIELDS.contains(key)
          ? null
          : Text.quote(key) + " is not a field of a container; " + Text.instead(key, FIELDS);
    }

    @Override
    @Nullable String wrongValue(String key, String value) {
      if (!key.equals(Scope.REPO)) {
        return wrongName(value, "a container");
      }
      return REPOSITORY.matcher(value).matches()
          ? null
          : "is "
              + Text.quote(value)
              + ", must be the repository of an image without tag and digest, such as"
              + " docker.io/library/nginx";
    }
  };

  private static final List<String> FIELDS = List.of(Scope.NAME, Scope.REPO);
  private static final Pattern LABEL_VALUE =
      Pattern.compile("([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?");
  private static final Pattern LABEL_NAME =
      Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");

  /** A host may have a port, and a part cannot have one: {@code nginx:1.27} has a tag. */
  private static final Pattern REPOSITORY =
      Pattern.compile(
          "([A-Za-z0-9][-A-Za-z0-9.]*(:[0-9]{1,5})?/)?[a-z0-9][-a-z0-9._]*(/[-a-z0-9._]+)*");

  abstract @Nullable String wrongKey(String key);

  abstract @Nullable String wrongValue(String key, String value);

  private static boolean isLabel(String key) {
    int slash = key.indexOf('/');
    return LABEL_NAME.matcher(key.substring(slash + 1)).matches()
        && (slash < 0 || Names.isSubdomain(key.substring(0, slash)));
  }

  private static @Nullable String wrongName(String name, String what) {
    return Names.isLabel(name)
        ? null
        : "is "
            + Text.quote(name)
            + ", must be the name of "
            + what
            + ": at most 63 lower case letters, digits and \"-\", with a letter or digit at both ends";
  }
}
