/**
 * A named place at which a test may make the daemon die, or an answer get lost. `lost` is answered only by the places
 * that can lose something. In production every place says `go`.
 */
export type FailPoint = (name: string) => 'go' | 'lost';

export const noFailPoints: FailPoint = () => 'go';
