/** The API reference for people: Scalar, served from its package, over the API's own OpenAPI document. */
import Fastify from "fastify";
import { escapeHtml, sendHtml } from "./html.ts";
import type { Api } from "./manners.ts";
import { answers, html } from "./schemas.ts";

export interface ReferenceOptions {
  /** Where the page is, such as `/integrations/reference`; its two scripts lie below it. */
  readonly path: string;
  readonly document: string;
  readonly title: string;
  /** Whether the document takes a key. The page then asks for it and keeps it in its memory only. */
  readonly asksForKey: boolean;
}

export function referenceRoutes(api: Api, { path, document, title, asksForKey }: ReferenceOptions): void {
  const body = `${asksForKey ? KEY_FORM : ""}<div id="reference" data-document="${escapeHtml(document)}"></div>
<script src="${path}/scalar.js"></script>
<script src="${path}/start.js"></script>`;

  api.get(
    path,
    {
      config: { open: true },
      schema: {
        operationId: "showReference",
        summary: "The API reference",
        description: "A page for people, made from the OpenAPI document.",
        tags: ["platform"],
        response: answers({ 200: html("The page") }),
      },
    },
    async (_request, reply) => sendHtml(reply, { title, body }),
  );

  const script = { config: { open: true }, schema: { hide: true } };
  api.get(`${path}/start.js`, script, async (_request, reply) => reply.type(JAVASCRIPT).send(START));
  api.get(`${path}/scalar.js`, script, async (_request, reply) =>
    reply
      .type(JAVASCRIPT)
      .header("Cache-Control", "max-age=3600")
      .send(await scalarBundle()),
  );
}

const JAVASCRIPT = "text/javascript; charset=utf-8";

const KEY_FORM = `<form id="key">
<label>Operator key <input name="key" type="password" autocomplete="off" required></label>
<button>Show the reference</button>
<p role="status"></p>
</form>
`;

// Runs in the browser. `telemetry` and `agent` would ask Scalar's servers; the page's policy forbids that as well.
const START = `"use strict";
const reference = document.getElementById("reference");
const form = document.getElementById("key");

async function show(headers) {
  const answer = await fetch(reference.dataset.document, { headers });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.message);
  Scalar.createApiReference("#reference", {
    content,
    baseServerURL: location.origin,
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    showDeveloperTools: "never",
    hideClientButton: true,
  });
}

if (form === null) {
  show({});
} else {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show({ Authorization: "Bearer " + form.elements.key.value }).then(
      () => form.remove(),
      (error) => { form.querySelector("[role=status]").textContent = error.message; },
    );
  });
}
`;

let bundle: Promise<string> | null = null;

/** Scalar's script. Its package holds it as a text of megabytes, which is loaded when somebody first asks. */
function scalarBundle(): Promise<string> {
  bundle ??= loadScalarBundle();
  return bundle;
}

// The package offers the script only as a route of its plugin, so a server that never listens is asked for it.
async function loadScalarBundle(): Promise<string> {
  const { default: scalar } = await import("@scalar/fastify-api-reference");
  const app = Fastify();
  await app.register(scalar, { routePrefix: "/reference", configuration: { url: "unused" } });
  const { statusCode, body } = await app.inject("/reference/js/scalar.js");
  await app.close();
  if (statusCode !== 200) throw new Error(`Scalar's script was answered with ${statusCode}.`);
  return body;
}
