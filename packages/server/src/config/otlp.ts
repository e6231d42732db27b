import { parseHeaderList } from "./header-list.ts";
import type { Options } from "./options.ts";

/** Where traces go, as the options say it; null: nowhere. */
export function otlpOf({ telemetry }: Pick<Options, "telemetry">): {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly sampleRatio: number;
} | null {
  const { otlp_url: url, otlp_headers: headers, sample_ratio: sampleRatio } = telemetry;
  if (url === null) return null;
  return { url, headers: (headers && parseHeaderList(headers.reveal())) ?? {}, sampleRatio };
}
