/** Lists: opaque keyset cursors, `?cursor=&limit=`, `{ data, next }` and a `Link` header. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { type TObject, type TSchema, Type } from "typebox";
import { PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX, type Page, type PageRequest } from "../base/page.ts";
import { Refusal } from "./problem.ts";
import { nullable } from "./schemas.ts";

const CURSOR_CHARACTERS_MAX = 1_024;

/** The query parameters that every list has. */
export const PAGE_QUERY = {
  cursor: Type.Optional(
    Type.String({
      maxLength: CURSOR_CHARACTERS_MAX,
      description: "`next` of the page before; the first page if left out",
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PAGE_COUNT_MAX,
      description: `How many at most; ${PAGE_COUNT_DEFAULT} if left out`,
    }),
  ),
};

export interface PageQuery {
  readonly cursor?: string;
  readonly limit?: number;
}

export interface ListBody<Item> {
  readonly data: readonly Item[];
  readonly next: string | null;
}

export function listOf<Item extends TSchema>(item: Item, description: string): TObject {
  return Type.Object(
    {
      data: Type.Array(item),
      next: nullable(Type.String({ description: "The cursor of the next page; null on the last" })),
    },
    { description, additionalProperties: false },
  );
}

/** `list` names what is listed, so that a cursor is only good where it came from. */
export function pageRequestOf({ cursor, limit = PAGE_COUNT_DEFAULT }: PageQuery, list: string): PageRequest {
  if (cursor === undefined) return { after: null, countMax: limit };
  const after = readCursor(cursor, list);
  if (after !== null) return { after, countMax: limit };
  const message = "cursor must be the `next` of an earlier page of the same list.";
  throw new Refusal("validation-failed", {
    errors: [{ resource: "List", field: "cursor", code: "invalid", message, pointer: "#/query/cursor" }],
  });
}

export function sendPage<Record, Item>(
  request: FastifyRequest,
  reply: FastifyReply,
  { page, list, show }: { page: Page<Record>; list: string; show: (record: Record) => Item },
): ListBody<Item> {
  const next = page.next === null ? null : makeCursor(page.next, list);
  if (next !== null) reply.header("Link", `<${nextTarget(request.url, next)}>; rel="next"`);
  return { data: page.items.map(show), next };
}

function makeCursor(after: string, list: string): string {
  return Buffer.from(`${list} ${after}`).toString("base64url");
}

function readCursor(cursor: string, list: string): string | null {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const after = text.startsWith(`${list} `) ? text.slice(list.length + 1) : "";
  // Every key that a store makes is visible ASCII; anything else never was a cursor.
  return /^[\x21-\x7e]+$/.test(after) && makeCursor(after, list) === cursor ? after : null;
}

function nextTarget(target: string, cursor: string): string {
  const [path = "", query = ""] = target.split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.set("cursor", cursor);
  return `${path}?${parameters}`;
}
