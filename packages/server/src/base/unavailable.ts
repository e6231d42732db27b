/** Nothing is wrong with the request: the platform cannot take it now (disk full, database away). Answered as 503. */
export class Unavailable extends Error {
  /** Whole seconds after which trying again makes sense. */
  readonly retryAfterS: number;

  constructor(message: string, retryAfterS: number) {
    super(message);
    this.name = "Unavailable";
    this.retryAfterS = retryAfterS;
  }
}
