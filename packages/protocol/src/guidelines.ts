/**
 * The one vocabulary of rules. The same id names the policy field, the violation, the doctor's check, the
 * problem type and the anchor in the guidelines page; nothing may invent a second name for a rule.
 */
export const GUIDELINES = [
  "secure-transport",
  "secret-per-user",
  "known-source",
  "no-passwords",
  "sensitive-fields",
  "ack-deadline",
  "background-work",
  "early-validation",
  "known-events",
  "authenticate",
  "rate-limit",
  "serial-requests",
  "write-pacing",
  "retry-after",
  "content-pacing",
  "heed-errors",
  "follow-redirects",
] as const;

export type Guideline = (typeof GUIDELINES)[number];
