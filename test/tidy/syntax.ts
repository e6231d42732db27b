/** Sources as syntax trees, each parsed once. */
import { type Node, type ParseResult, parseSync, Visitor, type VisitorObject } from "oxc-parser";
import type { SourceFile } from "./tree.ts";

const parsed = new WeakMap<SourceFile, ParseResult>();

export function visit(file: SourceFile, visitor: VisitorObject): void {
  let result = parsed.get(file);
  if (result === undefined) {
    result = parseSync(file.path, file.text);
    parsed.set(file, result);
  }
  new Visitor(visitor).visit(result.program);
}

/** Lines count from 1. */
export function lineAt(file: SourceFile, offset: number): number {
  let line = 1;
  for (let at = file.text.indexOf("\n"); at !== -1 && at < offset; at = file.text.indexOf("\n", at + 1))
    line++;
  return line;
}

export function lineOf(file: SourceFile, node: Pick<Node, "start">): number {
  return lineAt(file, node.start);
}
