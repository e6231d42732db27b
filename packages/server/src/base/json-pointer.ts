/** JSON pointers (RFC 6901): the names between the slashes, and back. */

/** `""` is the whole value. What does not begin with a slash is no pointer; see `JSON_POINTER_PATTERN`. */
export function segmentsOf(pointer: string): readonly string[] {
  if (pointer === "") return [];
  const segments = pointer.slice(1).split("/");
  return pointer.includes("~") ? segments.map(unescapeSegment) : segments;
}

export function pointerOf(segments: readonly string[]): string {
  return segments.map((segment) => `/${escapeSegment(segment)}`).join("");
}

/** One name as it stands in a pointer. */
export function escapeSegment(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

export function unescapeSegment(segment: string): string {
  return segment.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** As a JSON Schema `pattern`. Stores cannot keep every text: NUL and lone surrogates are no part of a pointer. */
export const JSON_POINTER_PATTERN = "^(/([^~/\\u0000\\ud800-\\udfff]|~0|~1)*)*$";
