import { allow } from "../allow.ts";
import type { Api } from "../manners.ts";
import { orNotFound, Refusal } from "../problem.ts";
import { AppShape, appShape } from "../resources/app.ts";
import { answers, json, refer } from "../schemas.ts";
import type { IntegratorDeps } from "./app.ts";

type OwnAppDeps = Pick<IntegratorDeps, "prefix" | "accounts">;

export function ownAppRoute(api: Api, { prefix, accounts }: OwnAppDeps): void {
  api.get(
    `${prefix}/app`,
    {
      config: { resource: "App" },
      schema: {
        operationId: "getOwnApp",
        summary: "Show the calling app",
        description: "Takes the app's own credentials.",
        tags: ["app"],
        response: answers({ 200: json("The app", refer(AppShape)) }, "forbidden", "not-found"),
      },
    },
    async ({ caller }) => {
      allow(caller, { verb: "read", thing: { kind: "app" } });
      if (caller.kind !== "app") throw new Refusal("forbidden");
      return appShape(orNotFound(await accounts.findApp(caller.appId)));
    },
  );
}
