import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { answerFor, errorCodeOf, PROBLEM_MEDIA_TYPE, problem } from "./problem.ts";

test("a problem is RFC 9457's and GitHub's at once", () => {
  const errors = [
    { resource: "Hook", field: "url", code: "missing_field", message: "url is required.", pointer: "/url" },
  ] as const;
  assert.deepEqual(problem("validation-failed", { detail: "url is required.", errors }), {
    type: "urn:trulinks:problem:validation-failed",
    title: "Validation Failed",
    status: 422,
    detail: "url is required.",
    guideline: "early-validation",
    message: "url is required. Mend the members that `errors` points at.",
    documentation_url: "/integrations/problems#validation-failed",
    errors,
  });
});

test("without a detail the title stands in its place, and nothing is made up", () => {
  const body = problem("not-found");
  assert.equal(body.detail, "Not Found.");
  assert.equal("guideline" in body, false);
  assert.equal("errors" in body, false);
});

test("the place where errors are explained can be another", () => {
  const body = problem("exists", { documentation: "https://api.example.com/problems" });
  assert.equal(body.documentation_url, "https://api.example.com/problems#exists");
});

for (const code of Object.keys(ERRORS) as ErrorCode[]) {
  test(`the type of ${code} leads back to its code and says what to do`, () => {
    const body = problem(code);
    assert.equal(errorCodeOf(body.type), code);
    assert.ok(body.status >= 400 && body.status <= 599);
    assert.match(ERRORS[code].remedy, /^[A-Z].*\.$/s);
  });
}

test("a type that is none of ours has no code", () => {
  for (const type of ["about:blank", "urn:trulinks:problem:", "urn:trulinks:problem:toString", "not-found"]) {
    assert.equal(errorCodeOf(type), null, type);
  }
});

const octokit = "application/vnd.github.v3+json";
const answers: readonly [string, ErrorCode, string | undefined, number, string][] = [
  ["whoever asks for nothing gets problem+json", "rate-limited", undefined, 429, PROBLEM_MEDIA_TYPE],
  ["whoever asks for JSON gets problem+json", "rate-limited", "application/json", 429, PROBLEM_MEDIA_TYPE],
  ["Octokit gets 403 for 429, as at GitHub", "rate-limited", octokit, 403, "application/json; charset=utf-8"],
  ["Octokit gets every other status unchanged", "not-found", octokit, 404, "application/json; charset=utf-8"],
];

for (const [name, code, accept, status, mediaType] of answers) {
  test(name, () => {
    const answer = answerFor(problem(code), accept);
    assert.equal(answer.status, status);
    assert.equal(answer.mediaType, mediaType);
    assert.deepEqual(answer.body, { ...problem(code), status });
  });
}
