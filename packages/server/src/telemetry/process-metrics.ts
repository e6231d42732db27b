/** What prom-client tells of process and runtime, by its own names, which existing dashboards know. */
import type { Metric } from "./metrics.ts";

const SPACE = { space: "part of the heap" };
const TYPE = { type: "kind of resource" };

export const PROCESS_METRICS = {
  process_cpu_user_seconds_total: { kind: "counter", what: "CPU time spent in the program." },
  process_cpu_system_seconds_total: { kind: "counter", what: "CPU time spent in the system for it." },
  process_cpu_seconds_total: { kind: "counter", what: "Both together." },
  process_start_time_seconds: { kind: "gauge", what: "When the process started, since 1970." },
  process_resident_memory_bytes: { kind: "gauge", what: "Memory that is really in use." },
  process_virtual_memory_bytes: { kind: "gauge", what: "Memory that is addressed (Linux only)." },
  process_heap_bytes: { kind: "gauge", what: "Size of the data segment (Linux only)." },
  process_open_fds: { kind: "gauge", what: "Open files and sockets (Linux only)." },
  process_max_fds: { kind: "gauge", what: "How many there may be (Linux only)." },
  nodejs_eventloop_lag_seconds: { kind: "gauge", what: "How late the event loop was at this scrape." },
  nodejs_eventloop_lag_min_seconds: { kind: "gauge", what: "Least delay since the last scrape." },
  nodejs_eventloop_lag_max_seconds: { kind: "gauge", what: "Greatest delay since the last scrape." },
  nodejs_eventloop_lag_mean_seconds: { kind: "gauge", what: "Mean delay since the last scrape." },
  nodejs_eventloop_lag_stddev_seconds: { kind: "gauge", what: "Its standard deviation." },
  nodejs_eventloop_lag_p50_seconds: { kind: "gauge", what: "Half of the delays were below." },
  nodejs_eventloop_lag_p90_seconds: { kind: "gauge", what: "90 % of the delays were below." },
  nodejs_eventloop_lag_p99_seconds: { kind: "gauge", what: "99 % of the delays were below." },
  nodejs_active_resources: { kind: "gauge", what: "What keeps the event loop alive.", labels: TYPE },
  nodejs_active_resources_total: { kind: "gauge", what: "All of it." },
  nodejs_active_handles: { kind: "gauge", what: "Open handles, sockets among them.", labels: TYPE },
  nodejs_active_handles_total: { kind: "gauge", what: "All of them." },
  nodejs_active_requests: { kind: "gauge", what: "Requests to the system under way.", labels: TYPE },
  nodejs_active_requests_total: { kind: "gauge", what: "All of them." },
  nodejs_heap_size_total_bytes: { kind: "gauge", what: "Size of the JavaScript heap." },
  nodejs_heap_size_used_bytes: { kind: "gauge", what: "How much of it is used." },
  nodejs_external_memory_bytes: { kind: "gauge", what: "Memory beside the heap, buffers for the most part." },
  nodejs_heap_space_size_total_bytes: { kind: "gauge", what: "Size of a part of the heap.", labels: SPACE },
  nodejs_heap_space_size_used_bytes: { kind: "gauge", what: "How much of it is used.", labels: SPACE },
  nodejs_heap_space_size_available_bytes: {
    kind: "gauge",
    what: "How much of it is free.",
    labels: SPACE,
  },
  nodejs_version_info: {
    kind: "gauge",
    what: "Always 1; says which Node runs.",
    labels: { version: "of Node", major: "its number", minor: "its number", patch: "its number" },
  },
  nodejs_gc_duration_seconds: {
    kind: "histogram",
    what: "Pauses of the garbage collector.",
    labels: { kind: "`major`, `minor`, `incremental` or `weakcb`" },
  },
} as const satisfies Readonly<Record<string, Metric>>;
