import { SAY_SPACE, spaceSaid } from './host-space.ts';
import type { HostSpace } from './host-space.ts';
import { quote } from './quote.ts';
import { script } from './script.ts';
import { stagingWord } from './staging.ts';
import type { StagingPlace } from './staging.ts';

/** Removes what is left of earlier runs when all that is whole was taken over, and says how much room there is then. */
export function clearScript(place: StagingPlace): string {
  return script(
    // a later run may have ended it all: the next step finds that out
    `cd ${stagingWord(place)} 2>/dev/null || { echo cleared; exit 0; }`,
    `rm -rf ${quote(place.run)}/old-* ${quote(place.run)}/live-*`,
    SAY_SPACE,
    `echo cleared`,
  );
}

export function parseCleared(text: string): { readonly space: HostSpace | null } | null {
  const lines = text.trimEnd().split('\n');
  return lines.pop() === 'cleared' ? { space: spaceSaid(lines) } : null;
}

/** Takes everything of this run away, and nothing of another, which may be about to become the attempt. */
export function discardScript(place: StagingPlace): string {
  return script(
    `cd ${stagingWord(place)} 2>/dev/null || exit 0`,
    `tries=0`,
    // a tar that was cut off may be at its last file still, and fill a directory as it is emptied
    `until rm -rf ${quote(place.run)} 2>/dev/null || [ $tries -ge 20 ]; do`,
    `  tries=$((tries + 1)); sleep 0.1 2>/dev/null || sleep 1`,
    `done`,
    `cd / && rmdir ${stagingWord(place)} 2>/dev/null`,
    `exit 0`,
  );
}
