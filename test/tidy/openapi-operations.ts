/** The operations of the two APIs, from the OpenAPI documents among the goldens. */
import type { Tree } from "./tree.ts";

export const OPENAPI_PATHS = {
  "Provider listener": "test/goldens/provider.openapi.json",
  "Public listener": "test/goldens/integrator.openapi.json",
} as const;

export type Listener = keyof typeof OPENAPI_PATHS;

export interface Operation {
  readonly listener: Listener;
  /** Such as `GET /v1/users/{id}`. */
  readonly key: string;
  readonly summary: string;
}

interface OpenApi {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, { readonly summary?: string }>>>>;
}

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];

/** In the documents' order; null if one of the documents is not there. */
export function operationsIn(tree: Tree): readonly Operation[] | null {
  const found: Operation[] = [];
  for (const [listener, path] of Object.entries(OPENAPI_PATHS) as [Listener, string][]) {
    const file = tree.get(path);
    if (file === undefined) return null;
    const document: OpenApi = JSON.parse(file.text);
    for (const [route, methods] of Object.entries(document.paths ?? {})) {
      for (const method of METHODS.filter((one) => methods[one])) {
        const key = `${method.toUpperCase()} ${route}`;
        found.push({ listener, key, summary: methods[method]?.summary ?? "" });
      }
    }
  }
  return found;
}
