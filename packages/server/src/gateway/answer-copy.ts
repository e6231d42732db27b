/** A copy of an answer on its way to the caller, small enough to be kept and given again. */

export type KeptAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      /** Names and values in turn, as the upstream sent them. */
      readonly headers: readonly string[];
      readonly bytes: Uint8Array;
    }
  /** It has been answered, and the answer was too large to be kept. */
  | { readonly kind: "too-large"; readonly status: number }
  /** Whether it took effect, nobody can say. */
  | { readonly kind: "unknown" };

export const KEPT_BYTES_MAX = 64 * 1024;

export interface AnswerCopy {
  begin(status: number, headers: readonly string[]): void;
  take(chunk: Uint8Array): void;
  /** Until then it is unknown. */
  end(): void;
  answer(): KeptAnswer;
}

export function createAnswerCopy(): AnswerCopy {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let head: { readonly status: number; readonly headers: readonly string[] } | null = null;
  let isWhole = false;
  return {
    begin(status, headers) {
      head = { status, headers };
    },
    take(chunk) {
      bytes += chunk.length;
      if (bytes <= KEPT_BYTES_MAX) chunks.push(chunk);
      else chunks.length = 0;
    },
    end() {
      isWhole = true;
    },
    answer() {
      if (head === null || !isWhole) return { kind: "unknown" };
      if (bytes > KEPT_BYTES_MAX) return { kind: "too-large", status: head.status };
      return { kind: "answer", ...head, bytes: Buffer.concat(chunks) };
    },
  };
}

export function packAnswer(answer: KeptAnswer): Uint8Array {
  const packed =
    answer.kind === "answer" ? { ...answer, bytes: Buffer.from(answer.bytes).toString("base64") } : answer;
  return Buffer.from(JSON.stringify(packed));
}

/** `packed`: as `packAnswer` made it. */
export function unpackAnswer(packed: Uint8Array): KeptAnswer {
  const answer = JSON.parse(Buffer.from(packed).toString());
  return answer.kind === "answer" ? { ...answer, bytes: Buffer.from(answer.bytes, "base64") } : answer;
}
