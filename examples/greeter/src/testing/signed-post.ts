import { HEADERS, parseSecret, sign, utf8 } from "@trulinks/protocol";

export interface TestDelivery {
  /** Whose secret signs; null: the hook's own. */
  readonly signer: string | null;
  readonly id?: string;
  readonly timestampS?: number;
  /** Replaces the envelope's members, or the whole body where it is a text. */
  readonly envelope?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts an opened issue as TruLinks would, or what the delivery says instead; resolves with the status. */
export async function postSigned(
  hook: { readonly id: string; readonly url: string },
  secrets: readonly string[],
  delivery: TestDelivery & { readonly id: string },
): Promise<number> {
  const { signer, id, timestampS = Math.floor(Date.now() / 1000), envelope } = delivery;
  const issue = { number: 1, title: "Leak", author: "linus" };
  const whole = {
    id: "evt_1",
    type: "issue.opened",
    action: "opened",
    timestamp: new Date().toISOString(),
    hook: hook.id,
    user: signer ?? undefined,
    data: { issue, project: { id: 1 } },
  };
  const body = utf8(typeof envelope === "string" ? envelope : JSON.stringify({ ...whole, ...envelope }));
  const keys = secrets.map((secret) => parseSecret(secret)).filter((key) => key !== null);
  const response = await fetch(hook.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      [HEADERS.webhookId]: id,
      [HEADERS.webhookTimestamp]: String(timestampS),
      [HEADERS.webhookSignature]: await sign(keys, { id, timestampS, body }),
      ...(signer === null ? {} : { [HEADERS.hookUser]: signer }),
      ...delivery.headers,
    },
    body,
  });
  await response.text();
  return response.status;
}
