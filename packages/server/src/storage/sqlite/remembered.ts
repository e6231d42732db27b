/** What is read again and again, kept as long as nobody says that it has changed. */
export interface Remembered<Key, Value> {
  of(key: Key): Value;
  put(key: Key, value: Value): void;
  forget(key: Key): void;
  clear(): void;
}

/** `read` is asked for what is not remembered; beyond `countMax` the oldest is let go. */
export function createRemembered<Key, Value>(
  countMax: number,
  read: (key: Key) => Value,
): Remembered<Key, Value> {
  const values = new Map<Key, Value>();
  return {
    of(key) {
      const known = values.get(key);
      if (known !== undefined) return known;
      const value = read(key);
      if (values.size >= countMax) for (const oldest of values.keys()) return keep(oldest, key, value);
      values.set(key, value);
      return value;
    },
    put: (key, value) => void values.set(key, value),
    forget: (key) => void values.delete(key),
    clear: () => values.clear(),
  };

  function keep(oldest: Key, key: Key, value: Value): Value {
    values.delete(oldest);
    values.set(key, value);
    return value;
  }
}
