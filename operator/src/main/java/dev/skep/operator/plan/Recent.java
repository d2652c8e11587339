package dev.skep.operator.plan;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Remembers the entries that were last used, so many of them. Any thread. */
public final class Recent<K, V> {
  private final Map<K, V> entries;

  public Recent(int capacity) {
    entries =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > capacity;
          }
        };
  }

  /**
   * What is remembered for {@code key}; made now, while other threads wait, if there is nothing.
   */
  public synchronized V get(K key, Supplier<V> make) {
    var known = entries.get(key);
    if (known != null) {
      return known;
    }
    var made = make.get();
    entries.put(key, made);
    return made;
  }

  public synchronized @Nullable V peek(K key) {
    return entries.get(key);
  }

  public synchronized void put(K key, V value) {
    entries.put(key, value);
  }

  public synchronized void forget(K key) {
    entries.remove(key);
  }
}
