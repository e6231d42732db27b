/** Event types, the patterns that choose among them, and the envelope in which an event travels. */

/** DESIGN, the wire: dotted words such as `issue.comment.created`; as a JSON Schema `pattern`. */
export const EVENT_TYPE_PATTERN = "^[a-z0-9_]+(\\.[a-z0-9_]+)*$";
/** A type, or a type that ends in `.*` (one or more segments), or `*` (all). */
export const EVENT_PATTERN_PATTERN = "^(\\*|[a-z0-9_]+(\\.[a-z0-9_]+)*(\\.\\*)?)$";
export const EVENT_TYPE_CHARACTERS_MAX = 128;

/** The JSON body of a delivery; member order is the order on the wire. */
export interface Envelope {
  readonly id: string;
  readonly type: string;
  readonly action: string;
  readonly timestamp: string;
  readonly hook: string;
  /** A number per hook without holes; a ping has none, and neither has a test. */
  readonly sequence?: number;
  /** The user whom the event concerns; a ping concerns none. */
  readonly user?: string;
  /** JSON pointers of the members of `data` that were set to null because the hook is not secured. */
  readonly masked?: readonly string[];
  /** It is an example that somebody asked for, and nothing that has happened. */
  readonly test?: true;
  readonly data: unknown;
}

/** What happened, as one word: the last segment of the type. */
export function actionOf(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

export function matchesPattern(pattern: string, type: string): boolean {
  if (pattern === "*" || pattern === type) return true;
  return pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1));
}

export function matchesAny(patterns: readonly string[], type: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, type));
}
