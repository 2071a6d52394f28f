import { lstatOf } from './directory.ts';
import type { Look } from './settle.ts';
import { signFolder, signatureText } from './signature.ts';
import type { SignOptions } from './signature.ts';

/** `stamp`: of the folder as it was at the look; null where the look did not get that far. */
export type LookOutcome =
  | { readonly kind: 'looked'; readonly look: Look; readonly stamp: string | null }
  /** No folder has this name any more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'stopped' };

/** One look at a candidate. `needsMarker`: without the marker the rest of the folder is not worth a walk. */
export async function lookAt(folder: string, needsMarker: boolean, options: SignOptions): Promise<LookOutcome> {
  if (needsMarker && options.readyMarker !== null) {
    const marker = await lstatOf(`${folder}/${options.readyMarker}`);
    if (marker.kind === 'gone' || (marker.kind === 'found' && !marker.stats.isFile())) return unmarked(folder);
    if (marker.kind === 'blind') return looked(blind(marker.code));
  }
  const sight = await signFolder(folder, options);
  switch (sight.kind) {
    case 'gone':
    case 'stopped':
      return sight;
    case 'moving':
      return looked({ kind: 'moving' });
    case 'blind':
      return looked(blind(sight.code));
    case 'seen': {
      const { hasContent, temporary } = sight;
      return looked({ kind: 'seen', signature: signatureText(sight.signature), hasContent, temporary }, sight.stamp);
    }
  }
}

async function unmarked(folder: string): Promise<LookOutcome> {
  const top = await lstatOf(folder);
  if (top.kind === 'blind') return looked(blind(top.code));
  return top.kind === 'gone' || !top.stats.isDirectory() ? { kind: 'gone' } : looked({ kind: 'unmarked' });
}

function looked(look: Look, stamp: string | null = null): LookOutcome {
  return { kind: 'looked', look, stamp };
}

function blind(code: string): Look {
  return { kind: 'blind', reason: `it cannot be read now (${code}); it is tried again` };
}
