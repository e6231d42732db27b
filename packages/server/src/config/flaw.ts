/** Where a value comes from, told so that a person finds it. */
export type Place =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "flag"; readonly flag: string };

/** One thing that is wrong with the configuration. */
export interface Flaw {
  readonly place: Place;
  /** The option, such as `public.listen`; null where none can be named. */
  readonly path: string | null;
  /** Whole sentences: what stands there (secrets masked), what was expected, how to mend it. */
  readonly message: string;
}

export function formatPlace(place: Place): string {
  switch (place.kind) {
    case "default":
      return "default";
    case "file":
      return `${place.file}:${place.line}:${place.column}`;
    case "variable":
      return place.name;
    case "flag":
      return place.flag;
    default:
      return place satisfies never;
  }
}

export function formatFlaw({ place, message }: Flaw): string {
  return place.kind === "default" ? message : `${formatPlace(place)}: ${message}`;
}

/** Those of a file first, from its top to its bottom. */
export function sortFlaws(flaws: readonly Flaw[]): readonly Flaw[] {
  const order = ({ place }: Flaw): number =>
    place.kind === "file" ? place.line * 1_000_000 + place.column : Number.POSITIVE_INFINITY;
  return flaws.toSorted((left, right) =>
    order(left) < order(right) ? -1 : Number(order(left) > order(right)),
  );
}

const SHOWN_CHARACTERS_MAX = 80;

/** What stands there, for a message. Passwords in URLs and private keys that were pasted do not show. */
export function show(given: unknown): string {
  const json = JSON.stringify(given) ?? "nothing";
  if (json.includes("PRIVATE KEY")) return "•••";
  const shown = json.replaceAll(/\/\/[^/@"]*@/g, "//•••@");
  return shown.length <= SHOWN_CHARACTERS_MAX ? shown : `${shown.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}

/** A secret in a message: that something stands there, and how long it is, since a wrong length is the usual fault. */
export function showSecret(given: unknown): string {
  return typeof given === "string" ? `••• (${given.length} characters)` : "•••";
}
