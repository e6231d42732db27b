/** `2xx` and its like; `none` where no answer was sent. */
export function statusClass(status: number | null): string {
  return status === null ? "none" : `${Math.floor(status / 100)}xx`;
}
