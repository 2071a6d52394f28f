import { lstatOf } from './directory.ts';
import type { Sample } from './settle.ts';
import { signFolder, signatureText } from './signature.ts';
import type { SignOptions } from './signature.ts';

/** `stamp`: of the folder as it was when the sample was taken; null where it was not taken whole. */
export type SampleOutcome =
  | { readonly kind: 'sampled'; readonly sample: Sample; readonly stamp: string | null }
  /** No folder has this name any more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'stopped' };

/** Takes one sample of a candidate. `needsMarker`: without the marker the rest of the folder is not worth a walk. */
export async function sampleFolder(folder: string, needsMarker: boolean, options: SignOptions): Promise<SampleOutcome> {
  if (needsMarker && options.readyMarker !== null) {
    const marker = await lstatOf(`${folder}/${options.readyMarker}`);
    if (marker.kind === 'gone' || (marker.kind === 'found' && !marker.stats.isFile())) return unmarked(folder);
    if (marker.kind === 'blind') return taken(blind(marker.code));
  }
  const sight = await signFolder(folder, options);
  switch (sight.kind) {
    case 'gone':
    case 'stopped':
      return sight;
    case 'moving':
      return taken({ kind: 'moving' });
    case 'blind':
      return taken(blind(sight.code));
    case 'seen': {
      const { hasContent, temporary } = sight;
      return taken({ kind: 'seen', signature: signatureText(sight.signature), hasContent, temporary }, sight.stamp);
    }
  }
}

async function unmarked(folder: string): Promise<SampleOutcome> {
  const top = await lstatOf(folder);
  if (top.kind === 'blind') return taken(blind(top.code));
  return top.kind === 'gone' || !top.stats.isDirectory() ? { kind: 'gone' } : taken({ kind: 'unmarked' });
}

function taken(sample: Sample, stamp: string | null = null): SampleOutcome {
  return { kind: 'sampled', sample, stamp };
}

function blind(code: string): Sample {
  return { kind: 'blind', reason: `it cannot be read now (${code}); it is tried again` };
}
