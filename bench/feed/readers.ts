/** Readers who live from their feeds: each asks for what comes next, waits for the answer, and asks again. */
import { Agent, type IncomingMessage, request } from "node:http";
import { monotonicMs } from "../measure/monotonic.ts";

export interface ReaderOf {
  readonly hook: string;
  readonly token: string;
}

export interface Readers {
  /** How many answers came, and when those of a hook with something in them did: hook and number to milliseconds. */
  readonly answers: { count: number; readonly atMs: Map<string, number> };
  /** What went wrong; the reader goes on. */
  readonly failures: string[];
  close(): Promise<void>;
}

const WAIT_S = 30;

/** The first questions are spread over the time that one waits, as are those of readers who came one by one. */
export function startReaders(publicUrl: string, readers: readonly ReaderOf[]): Readers {
  const agent = new Agent({ keepAlive: true });
  const answers = { count: 0, atMs: new Map<string, number>() };
  const failures: string[] = [];
  const closing = new AbortController();

  async function follow({ hook, token }: ReaderOf, index: number): Promise<void> {
    let after = 0;
    let waitS = Math.floor((index / readers.length) * WAIT_S);
    while (!closing.signal.aborted) {
      const url = `${publicUrl}/integrations/hooks/${hook}/events?after=${after}&wait_s=${waitS}`;
      waitS = WAIT_S;
      try {
        const page = await get(url, token);
        answers.count += 1;
        for (const { sequence } of page.data) answers.atMs.set(`${hook} ${sequence}`, monotonicMs());
        after = page.next;
      } catch (error) {
        if (!closing.signal.aborted) failures.push(String(error));
      }
    }
  }

  function get(url: string, token: string): Promise<Page> {
    const options = { agent, headers: { authorization: `Bearer ${token}` }, signal: closing.signal };
    return new Promise((resolve, reject) => {
      request(url, options, (answer) =>
        textOf(answer)
          .then((text) => resolve(pageOf(answer, text)), reject)
          .catch(reject),
      )
        .on("error", reject)
        .end();
    });
  }

  const following = Promise.all(readers.map(follow));
  return {
    answers,
    failures,
    async close() {
      closing.abort();
      await following;
      agent.destroy();
    },
  };
}

interface Page {
  readonly data: readonly { readonly sequence: number }[];
  readonly next: number;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  return Buffer.concat((await answer.toArray()) as Buffer[]).toString();
}

function pageOf({ statusCode }: IncomingMessage, text: string): Page {
  if (statusCode !== 200) throw new Error(`A feed was answered ${statusCode}: ${text}`);
  return JSON.parse(text) as Page;
}
