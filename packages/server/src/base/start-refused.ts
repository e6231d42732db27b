/** The process cannot start as it is. The message says why and how to mend it, and is all that a person needs to see. */
export class StartRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartRefused";
  }
}
