/** What is kept of an attempt: how it ended, how long each stage took, what was sent and answered; and no secrets. */
import type { Claim } from "./claim.ts";
import type { AttemptRecord, Exchange, Timings } from "./delivery.ts";
import type { Message } from "./envelope.ts";
import { OUTCOMES } from "./outcome.ts";
import type { PostResult } from "./post.ts";

/** What stands in the place of a secret. */
export const MASKED = "•••";

export function recordOf(
  { attempt }: Pick<Claim, "attempt">,
  atMs: number,
  message: Pick<Message, "headers" | "view">,
  result: PostResult,
): AttemptRecord {
  const { outcome, answer } = result;
  return {
    number: attempt,
    atMs,
    outcome: outcome.kind,
    status: answer?.status ?? null,
    guideline: OUTCOMES[outcome.kind].guideline,
    timings: timingsOf(result),
    exchange: {
      requestHeaders: message.headers,
      answerHeaders: answer === null ? null : withoutSecrets(answer.headers),
      answerBody: answer?.body ?? null,
      ...(message.view === null ? {} : { view: message.view }),
    },
  };
}

/** In whole milliseconds. */
export function timingsOf({ timings, connected = null }: Pick<PostResult, "timings" | "connected">): Timings {
  return {
    dnsMs: rounded(connected?.dnsMs),
    connectMs: rounded(connected?.connectMs),
    tlsMs: rounded(connected?.tlsMs),
    firstByteMs: rounded(timings.firstByteMs),
    totalMs: Math.round(timings.totalMs),
  };
}

/**
 * A receiver's answer may carry what opens its own doors, such as a session's cookie, and others read the record: apps
 * that of the users', and the provider that of everybody. What we send carries no credentials: a signature says
 * nothing of its secret, and a hook's URL may hold none.
 */
export function withoutSecrets(headers: NonNullable<Exchange["answerHeaders"]>): typeof headers {
  if (!headers.some(([name]) => SECRET.test(name))) return headers;
  return headers.map(([name, value]) => [name, SECRET.test(name) ? MASKED : value]);
}

// Names are made of words: `set-cookie`, `proxy-authorization`, `x-api-key`, `x-amz-security-token`, `x-csrftoken`.
const SECRET =
  /(^|[-_])(set-)?(cookie2?|authorization|authentication-info|credentials?|secret|password|passwd|session(-?id)?|(api|access|auth|private)?-?key|[a-z]*token)s?($|[-_])/i;

function rounded(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.round(ms);
}
