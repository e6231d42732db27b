/** Links in Markdown lead somewhere. */
import { posix } from "node:path";
import type { Finding, RuleFamily } from "./rule.ts";
import { lineAt } from "./syntax.ts";
import { filesWhere, type SourceFile, type Tree } from "./tree.ts";

export const links: RuleFamily = {
  promises: {
    "links.target": "Links in Markdown lead to files that exist.",
    "links.anchor": "Anchors in links are headings of their page.",
  },
  check: ({ tree }) => {
    const folders = foldersIn(tree);
    return filesWhere(tree, isMarkdown).flatMap((file) =>
      linksOf(file).flatMap(({ href, line }) => {
        const flaw = flawOf(tree, folders, file, href);
        return flaw === null ? [] : [{ path: file.path, line, ...flaw }];
      }),
    );
  },
};

interface Link {
  readonly href: string;
  readonly line: number;
}

function linksOf(file: SourceFile): readonly Link[] {
  // Code is no link; blanks keep the offsets, and so the lines.
  const prose = file.text.replace(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replace(/[^\n]/g, " "));
  return [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)]
    .map((match) => ({ href: match[1] ?? "", line: lineAt(file, match.index) }))
    .filter(({ href }) => !/^[a-z][a-z+.-]*:/i.test(href));
}

function flawOf(
  tree: Tree,
  folders: ReadonlySet<string>,
  file: SourceFile,
  href: string,
): Pick<Finding, "rule" | "message"> | null {
  const [path = "", anchor = ""] = href.split("#", 2);
  const target = path === "" ? file.path : posix.join(posix.dirname(file.path), decodeURIComponent(path));
  const found = tree.get(target);
  if (found === undefined && !folders.has(target.replace(/\/$/, ""))) {
    const message = `${href} leads nowhere: there is no ${target}. Mend the link, or remove it with what it was about.`;
    return { rule: "links.target", message };
  }
  if (anchor === "" || found === undefined || !isMarkdown(found.path)) return null;
  if (anchorsOf(found).has(anchor)) return null;
  return {
    rule: "links.anchor",
    message: `${href} leads to no heading of ${target}. Its anchors: ${[...anchorsOf(found)].join(", ") || "none"}.`,
  };
}

/** As GitHub makes them. */
function anchorsOf(file: SourceFile): ReadonlySet<string> {
  const headings = [...file.text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/\s/g, "-"),
    ),
  );
}

function foldersIn(tree: Tree): ReadonlySet<string> {
  const folders = new Set<string>(["."]);
  for (const path of tree.keys()) {
    for (let at = posix.dirname(path); at !== "."; at = posix.dirname(at)) folders.add(at);
  }
  return folders;
}

function isMarkdown(path: string): boolean {
  return path.endsWith(".md") && !path.startsWith(".changeset/");
}
