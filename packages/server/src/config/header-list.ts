/** Headers as the `OTEL_EXPORTER_OTLP_HEADERS` of OpenTelemetry writes them: `name=value,name=value`. */

const HEADERS_MAX = 20;
const CHARACTERS_MAX = 4_096;
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
// What a header may be (RFC 9110): visible, with spaces within.
const VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/** Values may be percent-encoded; a comma or a percent sign has to be. Undefined: it is no such list. */
export function parseHeaderList(text: string): Readonly<Record<string, string>> | undefined {
  if (text.length > CHARACTERS_MAX) return undefined;
  const headers: Record<string, string> = {};
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim().toLowerCase();
    const value = decoded(pair.slice(at + 1).trim());
    if (at === -1 || !NAME.test(name) || value === undefined || !VALUE.test(value)) return undefined;
    if (Object.hasOwn(headers, name)) return undefined;
    headers[name] = value;
  }
  return Object.keys(headers).length <= HEADERS_MAX ? headers : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
