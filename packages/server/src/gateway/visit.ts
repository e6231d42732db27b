/** One request on its way in, and what has been found out about it so far. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admission } from "@trulinks/limits";
import type { Quota, RequestId } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import type { LogFields } from "../base/log.ts";
import type { Operation } from "./operation.ts";
import { withoutQuery } from "./target.ts";

export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: RequestId;
  /** On the monotonic clock. */
  readonly startedAtMs: number;
  /** Null until the credentials have been looked at. */
  caller: Caller | null;
  /** What is asked for, where the provider's document says so; null until it has been looked for, too. */
  operation: Operation | null;
  quota: Quota | null;
  /** What it has spent, and the place that it holds; null until the limits have admitted it. */
  admission: Admission | null;
  isAdmitted: boolean;
}

/** The fields of a request's line in the log. The query is left out: callers put secrets there. */
export function visitFields(
  { request, requestId, caller, startedAtMs }: Visit,
  monotonicMs: number,
): LogFields {
  return {
    request: requestId,
    method: request.method,
    path: withoutQuery(request.url ?? ""),
    ...callerFields(caller),
    duration_ms: Math.round((monotonicMs - startedAtMs) * 100) / 100,
  };
}

function callerFields(caller: Caller | null): LogFields {
  switch (caller?.kind) {
    case undefined:
      return { caller: null };
    case "grant": {
      const { kind, grantId, userId, appId, tokenId } = caller;
      return { caller: kind, grant: grantId, user: userId, app: appId, token: tokenId };
    }
    case "user":
      return { caller: caller.kind, user: caller.userId, token: caller.tokenId };
    case "app":
      return { caller: caller.kind, app: caller.appId };
    case "anonymous":
      return { caller: caller.kind, address: caller.address };
    case "operator":
      return { caller: caller.kind };
  }
}
