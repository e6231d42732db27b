// Plain JavaScript that runs on any Node. npm scripts go through it, so that a checkout without its pinned Node
// ends in one sentence instead of a syntax error.
import { isNewEnough, nodeMissingInCheckout } from "../packages/server/bin/find-node.js";

if (!isNewEnough(process.versions.node)) {
  process.stderr.write(`${nodeMissingInCheckout(process.versions.node)}\n`);
  process.exitCode = 1;
}
