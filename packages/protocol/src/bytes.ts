const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

// ECMAScript 2026, three to seven times as fast; Node has it from 25 on, and not every runtime yet.
const builtIn: {
  readonly encode: ((this: Uint8Array) => string) | undefined;
  readonly decode: ((text: string) => Uint8Array) | undefined;
} = {
  encode: (Uint8Array.prototype as { toBase64?: () => string }).toBase64,
  decode: (Uint8Array as { fromBase64?: (text: string) => Uint8Array }).fromBase64,
};

export function toBase64(bytes: Uint8Array): string {
  if (builtIn.encode !== undefined) return builtIn.encode.call(bytes);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The bytes of standard base64 with or without padding, or null if it is no such text. */
export function fromBase64(text: string): Uint8Array | null {
  try {
    if (builtIn.decode !== undefined) return builtIn.decode(text);
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Compares without stopping at the first difference, so that time tells nothing about where it is. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}
