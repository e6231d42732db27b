/** Paths with names in braces, such as `/projects/{project}/issues`. Pure. */

export type Template =
  | { readonly kind: "template"; readonly names: readonly string[]; readonly route: string }
  | { readonly kind: "flawed"; readonly message: string };

export const TEMPLATE_CHARACTERS_MAX = 1_024;
/** In one segment, such as `{base}...{head}`: a text can be divided among them in as many ways as it is long. */
const NAMES_PER_SEGMENT_MAX = 2;

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
// As URIs have them, percent-encoded ones left out: paths are compared decoded.
const LITERAL = /^[A-Za-z0-9\-._~!$&'()*+,;=:@]*$/;

/** `route` is the same for a router: parameters are called p0, p1, … there, in the order of `names`. */
export function parseTemplate(template: string): Template {
  const flawed = (message: string): Template => ({ kind: "flawed", message });
  if (!template.startsWith("/")) return flawed("Expected a path that begins with /.");
  if (template.length > TEMPLATE_CHARACTERS_MAX) {
    return flawed(`Expected at most ${TEMPLATE_CHARACTERS_MAX} characters.`);
  }
  const names: string[] = [];
  const segments: string[] = [];
  for (const segment of template.slice(1).split("/")) {
    const pieces = segment.split(/\{([^{}]*)\}/);
    if (pieces.length > 1 + 2 * NAMES_PER_SEGMENT_MAX) {
      return flawed(`Expected at most ${NAMES_PER_SEGMENT_MAX} names in one segment.`);
    }
    const isWhole = pieces.length === 3 && pieces[0] === "" && pieces[2] === "";
    let route = "";
    for (const [index, piece] of pieces.entries()) {
      if (index % 2 === 0) {
        if (!LITERAL.test(piece)) return flawed(`Expected segments of plain characters, and {names}.`);
        if (piece === "" && index > 0 && index < pieces.length - 1) {
          return flawed("Expected something between two names in one segment.");
        }
        // A router's own signs: `*` and `?` cannot stand for themselves, `:` is doubled.
        if (/[*()]/.test(piece)) return flawed("Expected a path without *, ( and ).");
        route += piece.replaceAll(":", "::");
      } else {
        if (!NAME.test(piece)) return flawed("Expected names in braces of A-Z a-z 0-9 _ . - only.");
        if (names.includes(piece)) return flawed(`Expected each name once, {${piece}} stands here twice.`);
        route += isWhole ? `:p${names.length}` : `:p${names.length}([^/]+?)`;
        names.push(piece);
      }
    }
    segments.push(route);
  }
  return { kind: "template", names, route: `/${segments.join("/")}` };
}
