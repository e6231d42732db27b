import type { FastifyReply } from "fastify";
import { Type } from "typebox";

export const PAGE_ITEMS_MAX = 100;

/** Query parameters of a list: items after the key of the last one seen, in ascending order. */
export const PageQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: "Key of the last item already seen" })),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: PAGE_ITEMS_MAX, description: "30 if left out" }),
    ),
  },
  { additionalProperties: false },
);

/** Reads one page, with `Link: <…>; rel="next"` where there is more. */
export function page<Item>(
  reply: FastifyReply,
  query: { readonly after?: number; readonly limit?: number },
  read: (after: number, countMax: number) => readonly Item[],
  keyOf: (item: Item) => number,
): readonly Item[] {
  const limit = query.limit ?? 30;
  const items = read(query.after ?? 0, limit + 1);
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  if (items.length > limit && last !== undefined) {
    const path = reply.request.url.split("?", 1)[0];
    reply.header("Link", `<${path}?after=${keyOf(last)}&limit=${limit}>; rel="next"`);
  }
  return shown;
}
