/** Which operation a request asks for. */
import findMyWay, { type HTTPMethod } from "find-my-way";
import type { Routed } from "./openapi-document.ts";
import type { Operation } from "./operation.ts";
import { climbs } from "./target.ts";

export type Found =
  | {
      readonly kind: "operation";
      readonly operation: Operation;
      /** Of the path, decoded. */
      readonly parameters: Readonly<Record<string, string>>;
    }
  /** Nothing is known about it, and nothing is asked of it. */
  | { readonly kind: "unlisted" }
  | { readonly kind: "unknown" }
  | { readonly kind: "wrong-method"; readonly allow: string }
  | { readonly kind: "malformed"; readonly detail: string };

/** `path`: without its query. */
export type FindOperation = (method: string, path: string) => Found;

/** Of one parameter in a path, decoded; what is longer is no path of the API. */
export const PATH_PARAMETER_CHARACTERS_MAX = 1_024;

const UNKNOWN: Found = { kind: "unknown" };
const CLIMBING: Found = { kind: "malformed", detail: "The path has a segment `.` or `..`." };
const BAD_ENCODING: Found = {
  kind: "malformed",
  detail: "The path has a percent sign that encodes nothing.",
};

/** Finds among those of a document; what is not in it is unknown. */
export function createRouter(routed: readonly Routed[]): FindOperation {
  const router = findMyWay({ maxParamLength: PATH_PARAMETER_CHARACTERS_MAX, onBadUrl: nothing });
  const methods = [...new Set(routed.map(({ method }) => method))] as HTTPMethod[];
  for (const one of routed) router.on(one.method as HTTPMethod, one.route, nothing, one);

  const look = (method: string, path: string): Found => {
    const match = router.find(method as HTTPMethod, path);
    if (match === null) return UNKNOWN;
    const one = match.store as Routed | null;
    // Only what the router calls for a bad URL has no operation.
    if (one === null) return BAD_ENCODING;
    const parameters = named(one, match.params);
    return parameters === null ? UNKNOWN : { kind: "operation", operation: one.operation, parameters };
  };
  return (method, path) => {
    // Servers resolve such segments before they look at a path, so that another operation would be judged than is carried out.
    if (climbs(path)) return CLIMBING;
    const found = look(method, path);
    if (found.kind !== "unknown") return found;
    const others = methods.filter((other) => look(other, path).kind === "operation");
    // Whoever serves GET serves HEAD, too (RFC 9110, 9.1).
    if (method === "HEAD" && others.includes("GET")) return look("GET", path);
    if (others.length === 0) return UNKNOWN;
    const allowed = others.includes("GET") && !others.includes("HEAD") ? [...others, "HEAD"] : others;
    return { kind: "wrong-method", allow: allowed.join(", ") };
  };
}

function nothing(): void {}

const NO_PARAMETERS: Readonly<Record<string, string>> = {};

/** Null: one is empty, and a path in which a segment is missing is another path. */
function named(
  { names }: Routed,
  params: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> | null {
  if (names.length === 0) return NO_PARAMETERS;
  const parameters: Record<string, string> = Object.create(null);
  for (let index = 0; index < names.length; index++) {
    const text = params[`p${index}`];
    if (!text) return null;
    parameters[names[index] ?? ""] = text;
  }
  return parameters;
}
