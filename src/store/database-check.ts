import Sqlite from 'better-sqlite3';

import { openExisting } from './open.ts';
import { StoreError } from './store-error.ts';

/**
 * What SQLite itself finds wrong; empty when nothing is. `thorough` also compares every index with its table, which
 * takes longer the larger the database is.
 * @throws StoreError when it cannot even be opened
 */
export function checkDatabase(path: string, thorough: boolean): readonly string[] {
  openExisting(path, 'read').close();
  const sqlite = new Sqlite(path, { readonly: true });
  try {
    const pages = sqlite.pragma(thorough ? 'integrity_check' : 'quick_check') as readonly Record<string, string>[];
    const rows = sqlite.pragma('foreign_key_check') as readonly { readonly table: string; readonly parent: string }[];
    return [
      ...pages.flatMap((row) => Object.values(row)).filter((text) => text !== 'ok'),
      ...rows.map(({ table, parent }) => `a row of ${table} points to a row of ${parent} that is not there`),
    ];
  } catch (error) {
    if (error instanceof Sqlite.SqliteError) throw StoreError.from(error, path);
    throw error;
  } finally {
    sqlite.close();
  }
}
