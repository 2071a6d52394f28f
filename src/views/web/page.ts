import { createHash } from 'node:crypto';

import type { ReadDb } from '../../store/queries.ts';
import type { WebSite } from './deps.ts';
import type { FileLists } from './file-lists.ts';
import type { Html } from './html.ts';
import type { Person } from './people.ts';

/** A piece of a page that is brought up to date by itself. */
export interface Part {
  /** Unique on its page; also where a link can lead. */
  readonly id: string;
  readonly body: Html;
  /** Where it stands; a class of the style sheet. */
  readonly area?: 'wide' | 'half' | 'plain';
}

export type NavItem = 'now' | 'cases' | 'hosts' | 'machines';

export interface Page {
  readonly title: string;
  readonly nav: NavItem | null;
  readonly parts: readonly Part[];
  /** Stands above the parts, and does not change while the page is open. */
  readonly head?: Html;
  /** Of which case news concern it; null: any. */
  readonly caseId: string | null;
}

/** What a page is made from. */
export interface View {
  readonly db: ReadDb;
  readonly site: WebSite;
  readonly files: FileLists;
  readonly nowMs: number;
  readonly person: Person | null;
  /** Why nobody can give orders at all; null when one can log in. */
  readonly readOnly: string | null;
  readonly url: URL;
}

/** A part as it is sent. */
export interface MadePart {
  readonly id: string;
  readonly area: NonNullable<Part['area']>;
  readonly html: string;
  /** Equal parts have equal marks. */
  readonly mark: string;
}

export interface MadePage {
  readonly title: string;
  readonly nav: NavItem | null;
  readonly head: string;
  readonly caseId: string | null;
  readonly parts: readonly MadePart[];
}

export async function makePage(page: Page): Promise<MadePage> {
  const { title, nav, caseId } = page;
  const parts = await Promise.all(
    page.parts.map(async ({ id, area = 'wide', body }) => {
      const html = String(await body);
      return { id, area, html, mark: createHash('sha256').update(html).digest('base64url').slice(0, 10) };
    }),
  );
  return { title, nav, caseId, head: String(await (page.head ?? '')), parts };
}

/** A page is made anew when something was committed, and at least this often: its sentences speak of the time. */
const FRESH_MS = 2_000;
/** Addresses times who looks; the oldest goes. */
const MOST_PAGES = 200;

interface Kept {
  readonly version: number;
  readonly atMs: number;
  readonly page: Promise<MadePage | null>;
}

/** Hundreds of browsers that show the same page cost as much as one. */
export function createPageCache(): {
  make(key: string, version: number, atMs: number, make: () => Promise<MadePage | null>): Promise<MadePage | null>;
} {
  const kept = new Map<string, Kept>();
  return {
    make(key, version, atMs, make) {
      const known = kept.get(key);
      if (known !== undefined && known.version === version && atMs - known.atMs < FRESH_MS) return known.page;
      const page = make();
      kept.delete(key);
      kept.set(key, { version, atMs, page });
      page.catch(() => kept.delete(key));
      if (kept.size > MOST_PAGES) kept.delete(kept.keys().next().value!);
      return page;
    },
  };
}

/** `running:ab12 slots:cd34` → what the browser has already. */
export function parseMarks(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(' ').map((pair) => pair.split(':'));
  return new Map(pairs.flatMap(([id, mark]) => (id === undefined || mark === undefined ? [] : [[id, mark] as const])));
}
