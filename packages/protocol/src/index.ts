/** `@trulinks/protocol`: what both ends of a TruLinks wire agree on. No dependency, no IO. */
export * from "./asymmetric.ts";
export * from "./bytes.ts";
export * from "./challenge.ts";
export * from "./errors.ts";
export * from "./event.ts";
export * from "./guidelines.ts";
export * from "./headers.ts";
export * from "./identity.ts";
export * from "./ids.ts";
export * from "./policy.ts";
export * from "./problem.ts";
export * from "./quota.ts";
export * from "./signature.ts";
export {
  type ReceivedMessage,
  type SignedMessage,
  TIMESTAMP_TOLERANCE_S,
  type Verification,
} from "./signed-message.ts";
