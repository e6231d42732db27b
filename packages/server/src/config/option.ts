/** What one row of the table of options says. */
import type { Kind } from "./kinds.ts";

export interface Option<Value, Nullable extends boolean = boolean> {
  readonly variable: string;
  readonly flag: Flag;
  readonly kind: Kind<Value>;
  /** As a file would give it. */
  readonly default: unknown;
  /** Whether it may be left unset, which is `null`. */
  readonly isNullable: Nullable;
  /** One sentence. */
  readonly what: string;
  /** As it would stand in the file. Null for keys: an example would end up in use. */
  readonly example: string | null;
}

export type Flag =
  | {
      readonly kind: "flag";
      readonly name: `--${string}` /** Null: it stands alone. */;
      readonly argument: string | null;
    }
  | { readonly kind: "none"; readonly because: string };

type Entry<Value> = Omit<Option<Value>, "isNullable">;

export function option<Value>(entry: Entry<Value>): Option<Value, false> {
  return { ...entry, isNullable: false };
}

export function optional<Value>(entry: Omit<Entry<Value>, "default">): Option<Value, true> {
  return { ...entry, default: null, isNullable: true };
}

export function flag(name: `--${string}`, argument: string | null): Flag {
  return { kind: "flag", name, argument };
}

export function none(because: string): Flag {
  return { kind: "none", because };
}

/** Why secrets have no flag. */
export const SEEN_BY_OTHERS = "command lines are visible to other users of the machine";
