/**
 * At whose door a URL knocks: its host whatever the port and the trailing dot, since one machine answers at all of them.
 * Hooks that are pending are counted by it.
 */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/\.$/, "");
}
