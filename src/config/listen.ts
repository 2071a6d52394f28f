import { isIPv4, isIPv6 } from 'node:net';

/** Where a server listens. */
export interface Listen {
  /** An IP address, without brackets. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Only this machine can reach it. */
  readonly isLoopback: boolean;
}

/** `127.0.0.1:8787`, `[::1]:8787`, `localhost:8787`; null for any other text. */
export function parseListen(text: string): Listen | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+|localhost)):([0-9]{1,5})$/i.exec(text);
  if (match === null) return null;
  const [, six, four, digits] = match;
  const address = six ?? (four?.toLowerCase() === 'localhost' ? '127.0.0.1' : four!);
  const port = Number(digits);
  if (port > 65_535 || !(six === undefined ? isIPv4(address) : isIPv6(address))) return null;
  return { address, port, isLoopback: isLoopback(address) };
}

export function formatListen({ address, port }: Pick<Listen, 'address' | 'port'>): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || /^(0*:)+0*1$/.test(address);
}
