import { timingSafeEqual } from "node:crypto";
import type { Secret } from "../base/secret.ts";
import { hashCredential } from "./credentials.ts";

export type IsOperator = (authorization: string | undefined) => boolean;

/** Whether an `Authorization` header carries the operator key. Its hash is compared, so that time tells nothing. */
export function createIsOperator(operatorKey: Secret): IsOperator {
  const expected = hashCredential(operatorKey.reveal());
  return (authorization) => {
    const given = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1];
    return given !== undefined && timingSafeEqual(hashCredential(given), expected);
  };
}
