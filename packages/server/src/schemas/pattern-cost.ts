/** Which patterns take time in proportion to a text, and which have to be watched. Pure. */

// One character, a class of them, or an escape that stands for one.
const ATOM =
  /\\[dDwWsS]|\\p\{[\w=]+\}|\\P\{[\w=]+\}|\\[^\p{L}\p{N}]|\[\^?(?:[^\\[\]]|\\.)+\]|[^\\()[\]{}|*+?^$]/u
    .source;
const QUANTIFIER = /[*+?]|\{\d+(?:,\d*)?\}/u.source;
const PLAIN = new RegExp(`^\\^(?:(?:${ATOM})(?:${QUANTIFIER})?)*\\$?$`, "u");
const PIECES = new RegExp(`(?:${ATOM})(${QUANTIFIER})?`, "gu");

/**
 * True only if it is: anchored at its beginning, without groups, alternatives and references, and with one quantifier
 * at most that leaves open how often. With two, as in `a*a*b`, a text can be divided in more ways than one.
 */
export function isLinear(pattern: string): boolean {
  if (!PLAIN.test(pattern)) return false;
  const quantifiers = [...pattern.slice(1).matchAll(PIECES)].map(([, quantifier]) => quantifier);
  return quantifiers.filter((quantifier) => quantifier !== undefined && !isExact(quantifier)).length <= 1;
}

function isExact(quantifier: string): boolean {
  return /^\{\d+\}$/.test(quantifier);
}
