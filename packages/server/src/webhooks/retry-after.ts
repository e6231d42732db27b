/** The date form that RFC 9110 tells senders to use, such as `Sun, 06 Nov 1994 08:49:37 GMT`. */
const HTTP_DATE_PATTERN = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const SECONDS_PATTERN = /^\d{1,10}$/;

/** How long a `Retry-After` header asks to wait, in seconds or until a date; null if it says neither. */
export function parseRetryAfterMs(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  if (SECONDS_PATTERN.test(text)) return Number(text) * 1_000;
  const atMs = HTTP_DATE_PATTERN.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
