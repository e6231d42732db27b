import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { Unavailable } from "../../base/unavailable.ts";
import { Conflict, failureOf, outward } from "./failure.ts";

const sqlError = (code: string): Error => Object.assign(new pg.DatabaseError("told", 4, "error"), { code });
const socketError = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

for (const [reason, error, expected] of [
  ["a deadlock", sqlError("40P01"), "conflict"],
  ["a serialization failure", sqlError("40001"), "conflict"],
  ["another node was first", new Conflict(), "conflict"],
  ["no room on the disk", sqlError("53100"), "full"],
  ["too many connections", sqlError("53300"), "unreachable"],
  ["the server shuts down", sqlError("57P01"), "unreachable"],
  ["the server starts up", sqlError("57P03"), "unreachable"],
  ["a statement took too long", sqlError("57014"), "unreachable"],
  ["a standby took no writes", sqlError("25006"), "unreachable"],
  ["a wrong password", sqlError("28P01"), "unreachable"],
  ["nobody listens", socketError("ECONNREFUSED"), "unreachable"],
  ["the connection broke", socketError("ECONNRESET"), "unreachable"],
  ["the connection ended under a query", new Error("Connection terminated unexpectedly"), "unreachable"],
  ["no connection came free", new Error("timeout exceeded when trying to connect"), "unreachable"],
  ["a unique key", sqlError("23505"), "bug"],
  ["a NUL in a text", sqlError("22021"), "bug"],
  ["our own mistake", new TypeError("x is undefined"), "bug"],
  ["no error at all", "thrown text", "bug"],
] as const) {
  test(`${reason}: ${expected}`, () => {
    assert.equal(failureOf(error), expected);
    const outside = outward(error);
    if (expected === "bug") return assert.equal(outside, error);
    assert.ok(outside instanceof Unavailable);
    assert.ok(outside.retryAfterS >= 1);
    assert.equal(outside.cause, error);
  });
}
