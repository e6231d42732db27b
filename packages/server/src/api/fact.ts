/** One request to one of the platform's own APIs is answered. What they tell to whoever keeps count. */
export interface AnsweredFact {
  readonly kind: "answered";
  readonly api: "provider" | "integrator";
  readonly status: number;
}
