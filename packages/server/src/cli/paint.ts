/** Colours on a terminal, and text that cannot act on one. */
import type { CommandIo } from "./command-io.ts";

export type Style = "good" | "bad" | "warning" | "dim";
export type Paint = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, number>> = { good: 32, bad: 31, warning: 33, dim: 2 };

export const unpainted: Paint = (_style, text) => text;

/** Colours where standard output is a terminal, unless NO_COLOR says otherwise (https://no-color.org). */
export function paintOf(io: Pick<CommandIo, "columns" | "env">): Paint {
  const isTerminal = (io.columns?.() ?? null) !== null;
  const isUnwanted = (io.env["NO_COLOR"] ?? "") !== "";
  return isTerminal && !isUnwanted ? (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m` : unpainted;
}

/**
 * What others wrote (a receiver's answer, a URL), with control characters made visible: they could move the cursor and
 * write over what stands there. Line feeds and tabs stay where `isBlock`.
 */
export function printable(text: string, { isBlock = false } = {}): string {
  return text.replaceAll(isBlock ? CONTROL_IN_BLOCK : CONTROL, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\x${code.toString(16).padStart(2, "0")}`;
  });
}

const CONTROL = /\p{Cc}/gu;
const CONTROL_IN_BLOCK = /(?![\n\t])\p{Cc}/gu;
