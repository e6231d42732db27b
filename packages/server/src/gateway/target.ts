/** The request target: what is asked for, in the four forms of RFC 9112. Pure. */

export type Target =
  /** Path and query exactly as sent; `authority` is that of an absolute target, which outranks `Host`. */
  | { readonly kind: "path"; readonly path: string; readonly authority: string | null }
  /** `*`: about the server itself. */
  | { readonly kind: "server" }
  | { readonly kind: "malformed"; readonly detail: string };

export function parseTarget(text: string): Target {
  if (text === "*") return { kind: "server" };
  // Upstreams differ on whether what follows belongs to the path; RFC 9112 has no fragment in a target.
  if (text.includes("#")) return { kind: "malformed", detail: "The request target has a fragment (`#`)." };
  if (text.startsWith("/")) return { kind: "path", path: text, authority: null };

  const absolute = /^https?:\/\/([^/?@]+)([/?].*)?$/i.exec(text);
  if (!absolute) return { kind: "malformed", detail: "The request target is no path and no http URL." };
  const [, authority = "", rest = ""] = absolute;
  return { kind: "path", path: rest.startsWith("/") ? rest : `/${rest}`, authority };
}

// `..` in whatever spelling a server may undo, slashes too; `;` because some cut parameters off a segment first.
const CLIMBING = /(?:^|\/|\\|%2f|%5c)(?:\.|%2e){2}(?=$|\/|\\|;|%2f|%5c|%3b)/i;

/** The target below the upstream's base path; null if it would climb out of there. Not a byte is changed. */
export function targetBelow(basePath: string, path: string): string | null {
  if (basePath !== "" && CLIMBING.test(withoutQuery(path))) return null;
  return basePath + path;
}

// One dot, too: it vanishes as two do.
const DOTS = /(?:^|\/|\\|%2f|%5c)(?:\.|%2e){1,2}(?=$|\/|\\|;|%2f|%5c|%3b)/i;

/** Whether a path has a segment that servers resolve, in whatever spelling. */
export function climbs(path: string): boolean {
  // Most paths have neither, and the pattern costs ten times as much.
  return (path.includes(".") || path.includes("%")) && DOTS.test(path);
}

export function withoutQuery(path: string): string {
  const end = path.indexOf("?");
  return end < 0 ? path : path.slice(0, end);
}
