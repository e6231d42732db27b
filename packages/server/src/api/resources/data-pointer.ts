import { Type } from "typebox";
import { JSON_POINTER_PATTERN } from "../../base/json-pointer.ts";
import { HOOK_POINTER_CHARACTERS_MAX } from "../../webhooks/hook.ts";

// A pointer has at least one step: the data as a whole is meant by leaving it out.
export const DataPointer = Type.String({
  minLength: 1,
  maxLength: HOOK_POINTER_CHARACTERS_MAX,
  pattern: JSON_POINTER_PATTERN,
  description: "a JSON pointer into `data`, such as /issue/state (RFC 6901: ~1 stands for /, ~0 for ~)",
});
