/** RFC 3339, UTC. */
export function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}

export function timeOrNull(atMs: number | null): string | null {
  return atMs === null ? null : timeText(atMs);
}
