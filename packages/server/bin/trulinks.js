#!/usr/bin/env node
// The command `trulinks`. Plain JavaScript: whatever Node starts it, it goes on with the right one.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { findPinnedNode, isNewEnough, nodeMissingInCheckout, nodeTooOld } from "./find-node.js";

const SIGNAL_EXIT_BASE = 128;

const source = fileURLToPath(new URL("../src/main.ts", import.meta.url));

if (existsSync(source)) {
  runSource();
} else if (isNewEnough(process.versions.node)) {
  await import("../dist/main.js");
} else {
  give(nodeTooOld(process.versions.node));
}

function runSource() {
  const own = isNewEnough(process.versions.node) ? process.execPath : null;
  const node = findPinnedNode(import.meta.url) ?? own;
  if (node === null) return give(nodeMissingInCheckout(process.versions.node));

  const flags = ["--conditions", "trulinks-source", "--enable-source-maps", source, ...process.argv.slice(2)];
  if (typeof process.execve === "function" && process.platform !== "win32") replaceBy(node, flags);
  else runAsChild(node, flags);
}

/** The process becomes Node 26: one process, one set of signals, nothing to forward. */
function replaceBy(node, flags) {
  // execve is still marked experimental, and its warning would be the first thing that everybody reads.
  process.removeAllListeners("warning");
  process.execve(node, [node, ...flags], process.env);
}

/** For a Node that cannot replace itself. */
function runAsChild(node, flags) {
  const child = spawn(node, flags, { stdio: "inherit" });
  // A terminal sends Ctrl-C to both: forwarding it would make it arrive twice, heeding it would leave the child alone.
  process.on("SIGINT", () => {});
  // Nobody but us passes this one on; without it a supervisor's stop would leave the child running.
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => give(`Node ${node} could not be started: ${error.message}.`));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? SIGNAL_EXIT_BASE + (constants.signals[signal] ?? 0);
  });
}

function give(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
