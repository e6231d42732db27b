import { readFile } from "node:fs/promises";
import { memberOf } from "./trulinks.ts";

/** The token of the user's grant, or null. Read anew each time: whoever hands tokens over may replace the file. */
export async function readToken(tokensFile: string, user: string): Promise<string | null> {
  try {
    const tokens: unknown = JSON.parse(await readFile(tokensFile, "utf8"));
    const token = Object.hasOwn(Object(tokens), user) ? memberOf(tokens, user) : null;
    return typeof token === "string" && token !== "" ? token : null;
  } catch {
    return null;
  }
}
