/** The public listener has two owners: the platform's own paths, and everything else, which is the provider's API. */
import type { RequestListener } from "node:http";
import { CROSS_ORIGIN } from "./answer-headers.ts";
import { isPreflight } from "./preflight.ts";
import { parseTarget, withoutQuery } from "./target.ts";

export interface Division {
  /** Below it lies what is the platform's own. */
  readonly prefix: string;
  /** Whether `/rate_limit` and `/meta` are the platform's, too. */
  readonly aliases: boolean;
  readonly own: RequestListener;
  /** The gateway's. It also answers every preflight, and what is no target at all. */
  readonly rest: RequestListener;
}

export function divide({ prefix, aliases, own, rest }: Division): RequestListener {
  const ownPaths = aliases ? [prefix, "/rate_limit", "/meta"] : [prefix];
  return (request, response) => {
    const target = parseTarget(request.url ?? "");
    const path = target.kind === "path" ? withoutQuery(target.path) : "";
    const isOwn = ownPaths.includes(path) || path.startsWith(`${prefix}/`);
    if (!isOwn || target.kind !== "path" || isPreflight(request)) return rest(request, response);
    // Of an absolute target the rest is of no interest to routes.
    request.url = target.path;
    // Callers show credentials of their own and never cookies, so a browser may read this like the gateway's answers.
    for (const [name, value] of CROSS_ORIGIN) response.setHeader(name, value);
    own(request, response);
  };
}
