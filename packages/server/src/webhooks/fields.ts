/**
 * Parts of a value by JSON pointers, in which a `*` stands for every element of an array. Each function walks the value
 * once, however many pointers there are, and changes nothing: what it answers shares the untouched parts.
 * An element that is not sent is null where one that is sent follows it, and gone where none does: so pointers into
 * what is sent mean what they mean in the whole.
 */
import { pointerOf, segmentsOf } from "../base/json-pointer.ts";

/** Pointers as a tree of their segments. */
interface Branch {
  isEnd: boolean;
  readonly children: Map<string, Branch>;
}

/** Of more values in one event, or with longer pointers together, those are masked that hold them. */
export const MASKED_MAX = 1_000;
export const MASKED_CHARACTERS_MAX = 64 * 1024;
/** Of containers within one another; data is not nested deeper than this. */
const DEPTH_MAX = 64;

type Branches = readonly Branch[];
type Members = Readonly<Record<string, unknown>>;

const NONE: Branches = [];

/** Only what the pointers lead to, with the objects and arrays around it. */
export function choose(value: unknown, pointers: readonly string[]): unknown {
  return chosen(value, treeOf(pointers));
}

/** All but what the pointers lead to. */
export function leaveOut(value: unknown, pointers: readonly string[]): unknown {
  return remaining(value, treeOf(pointers));
}

/** With null where the pointers lead to. */
export function blank(value: unknown, pointers: readonly string[]): unknown {
  return blanked(value, treeOf(pointers));
}

/**
 * Pointers, with indexes for `*`, of the values that are there and not null; none leads below another. In their order.
 * Where they would be too many or too long, the deepest ones above them that are not.
 */
export function present(value: unknown, pointers: readonly string[]): readonly string[] {
  const branches = treeOf(pointers);
  for (let depthMax = DEPTH_MAX; ; depthMax--) {
    const walk: Walk = { depthMax, path: [], found: [], charactersLeft: MASKED_CHARACTERS_MAX };
    collect(value, branches, walk);
    if (!isOver(walk)) return walk.found.map(pointerOf);
  }
}

/** Whether one of the values that a pointer leads to passes; several if it has a `*`. */
export function anyAt(value: unknown, pointer: string, passes: (found: unknown) => boolean): boolean {
  return anyBelow(value, { segments: segmentsOf(pointer), depth: 0, passes });
}

function treeOf(pointers: readonly string[]): Branches {
  const root: Branch = { isEnd: false, children: new Map() };
  for (const pointer of pointers) {
    let branch = root;
    for (const segment of segmentsOf(pointer)) {
      let child = branch.children.get(segment);
      if (child === undefined) {
        child = { isEnd: false, children: new Map() };
        branch.children.set(segment, child);
      }
      branch = child;
    }
    branch.isEnd = true;
  }
  return [root];
}

function chosen(value: unknown, branches: Branches): unknown {
  if (isEnd(branches)) return value;
  if (!isContainer(value)) return undefined;
  return rebuilt(value, branches, (inner, below) => (below === NONE ? undefined : chosen(inner, below)));
}

function remaining(value: unknown, branches: Branches): unknown {
  if (isEnd(branches)) return undefined;
  if (branches === NONE || !isContainer(value)) return value;
  return rebuilt(value, branches, remaining);
}

function blanked(value: unknown, branches: Branches): unknown {
  if (isEnd(branches)) return null;
  if (branches === NONE || !isContainer(value)) return value;
  return rebuilt(value, branches, blanked);
}

interface Walk {
  /** What lies deeper is told by what holds it. */
  readonly depthMax: number;
  readonly path: string[];
  readonly found: (readonly string[])[];
  charactersLeft: number;
}

function collect(value: unknown, branches: Branches, walk: Walk): void {
  if (value === null || branches === NONE || isOver(walk)) return;
  if (isEnd(branches) || (walk.path.length === walk.depthMax && leads(value, branches))) {
    walk.found.push([...walk.path]);
    for (const name of walk.path) walk.charactersLeft -= name.length + 1;
    return;
  }
  if (!isContainer(value) || walk.path.length === walk.depthMax) return;
  for (const [name, inner] of Object.entries(value)) {
    walk.path.push(name);
    collect(inner, below(branches, name, value), walk);
    walk.path.pop();
  }
}

function isOver({ found, charactersLeft }: Walk): boolean {
  return found.length > MASKED_MAX || charactersLeft < 0;
}

/** Whether any of the branches leads to a value that is there and not null. */
function leads(value: unknown, branches: Branches): boolean {
  if (value === null || branches === NONE) return false;
  if (isEnd(branches)) return true;
  if (!isContainer(value)) return false;
  return Object.entries(value).some(([name, inner]) => leads(inner, below(branches, name, value)));
}

/** The same container of what `each` makes of its members; undefined: the member is not there. */
function rebuilt(
  value: object,
  branches: Branches,
  each: (inner: unknown, below: Branches) => unknown,
): unknown {
  if (Array.isArray(value)) {
    const elements = value.map((inner, index) => each(inner, below(branches, String(index), value)));
    const length = elements.findLastIndex((element) => element !== undefined) + 1;
    return elements.slice(0, length).map((element) => (element === undefined ? null : element));
  }
  const members = Object.entries(value).map(([name, inner]) => [
    name,
    each(inner, below(branches, name, value)),
  ]);
  // Defines members instead of assigning them, so that one named `__proto__` is one like any other.
  return Object.fromEntries(members.filter(([, inner]) => inner !== undefined));
}

function below(branches: Branches, name: string, container: object): Branches {
  const found: Branch[] = [];
  for (const { children } of branches) {
    const named = children.get(name);
    if (named !== undefined) found.push(named);
    const every = Array.isArray(container) ? children.get("*") : undefined;
    if (every !== undefined) found.push(every);
  }
  return found.length === 0 ? NONE : found;
}

function isEnd(branches: Branches): boolean {
  return branches.some((branch) => branch.isEnd);
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

interface Sought {
  readonly segments: readonly string[];
  /** How many of the segments led to the value. */
  readonly depth: number;
  readonly passes: (found: unknown) => boolean;
}

function anyBelow(value: unknown, { segments, depth, passes }: Sought): boolean {
  const segment = segments[depth];
  if (segment === undefined) return passes(value);
  if (!isContainer(value)) return false;
  const next = { segments, depth: depth + 1, passes };
  if (Array.isArray(value) && segment === "*") return value.some((element) => anyBelow(element, next));
  return isThere(value, segment) && anyBelow((value as Members)[segment], next);
}

/** An array has elements, and a `length` that is none of them. */
function isThere(container: object, segment: string): boolean {
  return Object.hasOwn(container, segment) && !(Array.isArray(container) && segment === "length");
}
