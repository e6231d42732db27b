// Plain JavaScript that runs on any Node: it is what looks for the right one.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export const NODE_MAJOR_MIN = 26;

export function isNewEnough(version) {
  return Number(version.split(".")[0]) >= NODE_MAJOR_MIN;
}

/** The Node that a checkout pins as the npm package `node`, or null where its install script has not run. */
export function findPinnedNode(from) {
  let manifest;
  try {
    manifest = createRequire(from).resolve("node/package.json");
  } catch {
    return null;
  }
  const places = ["node", "node.exe"].map((name) => join(dirname(manifest), "bin", name));
  return places.find((place) => existsSync(place)) ?? null;
}

export function nodeMissingInCheckout(version) {
  return (
    `TruLinks needs Node ${NODE_MAJOR_MIN}, but this is Node ${version} and the one that the checkout pins ` +
    "is not installed: run `npm ci` without `--ignore-scripts`."
  );
}

export function nodeTooOld(version) {
  return `TruLinks needs Node ${NODE_MAJOR_MIN} or newer, but this is Node ${version}: install one from https://nodejs.org.`;
}
