import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Whom the relay answers: this machine's own browser, on the relay's own page, and whoever was given the token. */
export interface Door {
  readonly port: number;
  readonly token: string;
}

/** The WebSocket subprotocol; a token beside it (`token.TOKEN`) is how a browser can send one. */
export const SUBPROTOCOL = 'mqi.inspector';

const TOKEN_PREFIX = 'token.';

/** A name that another site's DNS may point here is none of them. */
const hostsOf = ({ port }: Door): readonly string[] => [`127.0.0.1:${port}`, `localhost:${port}`];

/** Why a request gets nothing; null: it may go on. A foreign page is refused before anything else is looked at. */
export function refusal(door: Door, headers: IncomingHttpHeaders): string | null {
  const { host, origin } = headers;
  if (host === undefined || !hostsOf(door).includes(host)) return 'the Host header does not name this relay';
  if (origin !== undefined && origin !== `http://${host}`) return 'the Origin is foreign';
  // a page may load an image or a script from anywhere without telling its origin
  const site = headers['sec-fetch-site'];
  const isVisit = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if ((site === 'cross-site' || site === 'same-site') && !isVisit) return 'the request comes from another site';
  return null;
}

/** Why a connection gets nothing; null: it may have the stream. */
export function streamRefusal(door: Door, headers: IncomingHttpHeaders, url: string): string | null {
  return refusal(door, headers) ?? (holdsToken(door, headers, url) ? null : 'the token is missing or wrong');
}

function holdsToken({ token }: Door, headers: IncomingHttpHeaders, url: string): boolean {
  const offered = subprotocolsOf(headers).find((name) => name.startsWith(TOKEN_PREFIX));
  // in the address for programs that can send nothing else: `createWebSocketReceiver` of @statelyai/inspect
  const given = offered?.slice(TOKEN_PREFIX.length) ?? new URLSearchParams(url.split('?')[1] ?? '').get('token');
  return given !== null && isSame(given, token);
}

export function subprotocolsOf(headers: IncomingHttpHeaders): readonly string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
}

/** Takes as long wherever they differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
