import { Type } from "typebox";
import type { Api } from "./manners.ts";
import { answers, json } from "./schemas.ts";

/** Serves the API's OpenAPI document. */
export function documentRoute(api: Api, path: string, open: boolean): void {
  api.get(
    path,
    {
      config: { open },
      schema: {
        operationId: "getDocument",
        summary: "This API as an OpenAPI 3.1 document",
        description: "Made from the schemas that requests are validated with.",
        tags: ["platform"],
        response: answers({ 200: json("The document", Type.Object({})) }),
      },
    },
    async () => api.swagger(),
  );
}
