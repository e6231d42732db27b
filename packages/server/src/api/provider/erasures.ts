import type { ErasureId, UserId } from "@trulinks/protocol";
import type { Api } from "../manners.ts";
import { orNotFound } from "../problem.ts";
import { ErasureShape, erasureShape } from "../resources/erasure.ts";
import { answers, closed, GivenId, json, refer } from "../schemas.ts";
import type { ProviderDeps } from "./app.ts";

const tags = ["users"];
const config = { resource: "Erasure" };
const shape = refer(ErasureShape);

export function erasureRoutes(api: Api, { erasures }: Pick<ProviderDeps, "erasures">): void {
  api.post("/v1/users/:user/erasures", eraseUser, async ({ params }, reply) => {
    const erasure = orNotFound(await erasures.erase(params.user as UserId));
    return reply.code(202).send(erasureShape(erasure));
  });

  api.get("/v1/erasures/:erasure", getErasure, async ({ params }) =>
    erasureShape(orNotFound(await erasures.find(params.erasure as ErasureId))),
  );
}

const eraseUser = {
  config,
  schema: {
    operationId: "eraseUser",
    summary: "Erase all payloads about a user",
    description:
      "Of every delivery about the user, and of all of its own hooks, the data, what was sent and what was answered are gone, and its name and e-mail too; what waits for it is `revoked` first. Records of what became of them stay. A few thousand deliveries are erased before the answer, more of them afterwards, a restart or not: see `state`. A user who was deleted may be named while there is a record.",
    tags,
    params: closed({ user: GivenId }),
    response: answers({ 202: json("The receipt", shape) }, "not-found"),
  },
};

const getErasure = {
  config,
  schema: {
    operationId: "getErasure",
    summary: "Show an erasure",
    description: "The receipt, as far as it has come. Receipts are kept.",
    tags,
    params: closed({ erasure: GivenId }),
    response: answers({ 200: json("The receipt", shape) }, "not-found"),
  },
};
