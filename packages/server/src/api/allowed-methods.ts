import type { FastifyInstance } from "fastify";

/** Which methods the path of a URL has; none: there is no such path. Call it before any route is added. */
export function createAllowed(app: FastifyInstance): (url: string) => readonly string[] {
  const methodsByPattern = new Map<string, string[]>();
  app.addHook("onRoute", ({ method, url }) => {
    const pattern = `^${url.replaceAll(".", "\\.").replaceAll(/:[a-z]+/g, "[^/]+")}$`;
    const methods = methodsByPattern.get(pattern) ?? [];
    methods.push(...[method].flat());
    methodsByPattern.set(pattern, methods);
  });
  return (url) => {
    const path = url.split("?", 1)[0] ?? "";
    for (const [pattern, methods] of methodsByPattern) {
      if (new RegExp(pattern).test(path)) return methods.toSorted();
    }
    return [];
  };
}
