/** The page to which `documentation_url` points: every problem, with what to do about it. */
import { ERRORS, type ErrorEntry, PROBLEM_TYPE_PREFIX } from "@trulinks/protocol";
import { escapeHtml, sendHtml } from "./html.ts";
import type { Api } from "./manners.ts";
import { answers, html } from "./schemas.ts";

/** Where the page is on the provider's listener; on the public one it lies below the prefix. */
export const PROVIDER_PROBLEMS_PAGE = "/problems";

export function problemsRoute(api: Api, path: string): void {
  const page = { title: "TruLinks: problems", body: problemsBody() };
  api.get(
    path,
    {
      config: { open: true },
      schema: {
        operationId: "showProblems",
        summary: "The problems explained",
        description: "A page for people; each problem has an anchor, its code.",
        tags: ["platform"],
        response: answers({ 200: html("The page") }),
      },
    },
    async (_request, reply) => sendHtml(reply, page),
  );
}

function problemsBody(): string {
  const entries: readonly (readonly [string, ErrorEntry])[] = Object.entries(ERRORS);
  const sections = entries
    .toSorted(([, a], [, b]) => a.status - b.status)
    .map(([code, entry]) => section(code, entry));
  return `<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
code { font-size: 0.9em; } section:target { background: #fff8c5; } h2 { margin: 2rem 0 0; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } section:target { background: #332b00; } }
</style>
<h1>Problems</h1>
<p>What a refusal means, and what to do about it.</p>
${sections.join("\n")}`;
}

function section(code: string, { status, title, remedy, guideline }: ErrorEntry): string {
  const kept = guideline ? ` Guideline: <code>${guideline}</code>.` : "";
  return `<section id="${code}">
<h2>${escapeHtml(title)}</h2>
<p><code>${status}</code> <code>${PROBLEM_TYPE_PREFIX}${code}</code>.${kept}</p>
<p>${escapeHtml(remedy).replaceAll(/`([^`]+)`/g, "<code>$1</code>")}</p>
</section>`;
}
