import assert from "node:assert/strict";
import { test } from "node:test";
import { namesToAsk, parseHostsFile, parseSearchList, type SearchList } from "./name-files.ts";

test("a hosts file is read as the system reads it", () => {
  const hosts = parseHostsFile(
    [
      "# comment",
      "127.0.0.1\tlocalhost  Ada.Example # more",
      "2001:db8::1 ada.example",
      "127.0.0.1 ada.example",
      "fe80::1%eth0 zone.example",
      "no-address broken.example",
      "192.0.2.1",
      "",
      "192.0.2.2 windows.example\r",
    ].join("\n"),
  );
  assert.deepEqual(Object.fromEntries(hosts), {
    localhost: ["127.0.0.1"],
    "ada.example": ["127.0.0.1", "2001:db8::1"],
    "windows.example": ["192.0.2.2"],
  });
});

test("of resolv.conf the search list and ndots are read", () => {
  const cases: readonly (readonly [string, string, SearchList])[] = [
    ["nothing", "nameserver 192.0.2.1\n", { domains: [], dotsMin: 1 }],
    ["a list", "search a.example b.example.\n", { domains: ["a.example", "b.example"], dotsMin: 1 }],
    ["a domain", "domain a.example\n", { domains: ["a.example"], dotsMin: 1 }],
    ["the last one counts", "search a.example\ndomain b.example\n", { domains: ["b.example"], dotsMin: 1 }],
    ["as in Kubernetes", "search x.svc\noptions timeout:1 ndots:5\n", { domains: ["x.svc"], dotsMin: 5 }],
    ["too many dots", "options ndots:99\n", { domains: [], dotsMin: 15 }],
    ["the root", "search .\n", { domains: [], dotsMin: 1 }],
    ["comments", "; search a.example\n#search b.example\n", { domains: [], dotsMin: 1 }],
  ];
  for (const [why, text, expected] of cases) assert.deepEqual(parseSearchList(text), expected, why);
});

test("which names are asked for, in which order", () => {
  const cases: readonly (readonly [string, string, SearchList, readonly string[]])[] = [
    ["no search list", "receiver", { domains: [], dotsMin: 1 }, ["receiver"]],
    [
      "a short name",
      "receiver",
      { domains: ["a", "b"], dotsMin: 1 },
      ["receiver.a", "receiver.b", "receiver"],
    ],
    ["a name with enough dots", "receiver.example", { domains: ["a"], dotsMin: 1 }, ["receiver.example"]],
    ["too few dots", "x.example", { domains: ["a"], dotsMin: 5 }, ["x.example.a", "x.example"]],
    ["a dot at the end", "receiver.", { domains: ["a"], dotsMin: 5 }, ["receiver"]],
  ];
  for (const [why, name, search, expected] of cases)
    assert.deepEqual(namesToAsk(name, search), expected, why);
});
