/** Formats that a schema may ask for, and how they are checked: those of JSON Schema and OpenAPI, by ajv-formats. */

import type { Format } from "ajv";
import { fullFormats } from "ajv-formats/dist/formats.js";

/** The check of a URL takes time that grows with the square of its length; browsers give up at about this length, too. */
const URL_CHARACTERS_MAX = 2_048;

const { url, ...others } = fullFormats;

export const FORMATS: Readonly<Record<string, Format>> = {
  ...others,
  url: (text: string) => text.length <= URL_CHARACTERS_MAX && (url as RegExp).test(text),
  // As far as it can be checked without tables: something, an @, something.
  "idn-email": /^[^\s@]+@[^\s@]+$/u,
  // Taken as notes for people.
  "idn-hostname": true,
  iri: true,
  "iri-reference": true,
};

export const FORMAT_NAMES: readonly string[] = Object.keys(FORMATS);
