/** What the catalogue of event types needs from storage. Each verb is one atomic step, on disk when its promise resolves. */
import type { Page, PageRequest } from "../base/page.ts";
import type { EventType, EventTypeDefinition } from "./event-type.ts";

export interface NewEventType {
  readonly type: string;
  readonly definition: EventTypeDefinition;
  /** Tells the same definition again from another. */
  readonly fingerprint: string;
  readonly nowMs: number;
  readonly typesMax: number;
  /** Of one type, ever. */
  readonly versionsMax: number;
}

export type EventTypePut =
  | { readonly kind: "put"; readonly eventType: EventType }
  | { readonly kind: "too-many-types" }
  | { readonly kind: "too-many-versions" };

export interface EventTypeChange {
  /** Rises with each change of any type, on whatever node: what came later has the higher one. */
  readonly stamp: number;
  readonly type: string;
  /** As it is now; null: it was deleted. */
  readonly eventType: EventType | null;
}

export interface EventTypeStore {
  /**
   * Registers a type or changes it. What has the fingerprint of its last version changes nothing, and brings a deleted
   * type back as it was; anything else is a new version, the first of them 1.
   */
  putEventType(eventType: NewEventType): Promise<EventTypePut>;
  /** Its versions stay. False: there is no such type. */
  deleteEventType(type: string): Promise<boolean>;
  findEventType(type: string): Promise<EventType | null>;
  /** By type, ascending. */
  listEventTypes(page: PageRequest): Promise<Page<EventType>>;
  /** Newest first, those of a deleted type as well. Null: there never was such a type. */
  listEventTypeVersions(type: string, page: PageRequest): Promise<Page<EventType> | null>;
  /** What was changed after the change `stamp`, oldest first, at most `countMax`; each type with its last change only. */
  listEventTypeChanges(stamp: number, countMax: number): Promise<readonly EventTypeChange[]>;
}
