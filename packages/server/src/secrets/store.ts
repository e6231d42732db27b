/** What the secret key needs from storage; `store.contract.ts` holds every engine to it. */
export interface SecretStore {
  /**
   * Keeps the value, sealed for the row `setting:<name>`, under the name if nothing stands there yet; answers with
   * what stands there now.
   */
  keepFirst(name: string, value: Uint8Array): Promise<Uint8Array>;
  /**
   * Encrypts everything sealed anew with another key, in one step: afterwards all of it opens with `newKey` and
   * none with `oldKey`, or (if it throws) nothing was changed. Answers with how many rows that were.
   */
  rekey(oldKey: Uint8Array, newKey: Uint8Array): Promise<number>;
}
