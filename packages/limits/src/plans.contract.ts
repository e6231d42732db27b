/** Plans for tests: everything off but what a test is about. */
import type { Plan } from "./plan.ts";

export const T0 = 1_700_000_000_000;

export const OPEN: Plan = {
  rate_limit: { core: { limit: 1_000_000, window_s: 3_600 } },
  serial_requests: null,
  write_pacing: null,
  points: null,
  content_pacing: null,
};

export const ONE_AT_ONCE: Plan["serial_requests"] = {
  in_flight_max: 1,
  waiting_max: 2,
  wait_ms_max: 5_000,
  streams_max: 2,
};
