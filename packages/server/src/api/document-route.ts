import { Type } from "typebox";
import type { Catalogues } from "../webhooks/catalogue.ts";
import type { Api } from "./manners.ts";
import { answers, json } from "./schemas.ts";
import { withWebhooks } from "./webhooks-document.ts";

/** Serves the API's OpenAPI document, with the event types that are registered at the time. */
export function documentRoute(
  api: Api,
  {
    path,
    open,
    catalogues,
  }: {
    readonly path: string;
    readonly open: boolean;
    readonly catalogues: Pick<Catalogues, "current">;
  },
): void {
  // The text for the catalogue with this stamp.
  let made: { readonly stamp: number; readonly text: string } | null = null;
  api.get(
    path,
    {
      config: { open },
      schema: {
        operationId: "getDocument",
        summary: "This API as an OpenAPI 3.1 document",
        description:
          "Made from the schemas that requests are validated with. Its `webhooks` are the registered event types, and those of the platform.",
        tags: ["platform"],
        response: answers({ 200: json("The document", Type.Object({})) }),
      },
    },
    async (_request, reply) => {
      const { stamp, eventTypes } = await catalogues.current();
      if (made?.stamp !== stamp) {
        made = { stamp, text: JSON.stringify(withWebhooks(api.swagger(), eventTypes)) };
      }
      return reply.type("application/json; charset=utf-8").serializer(String).send(made.text);
    },
  );
}
