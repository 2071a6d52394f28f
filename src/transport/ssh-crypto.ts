import { createRequire } from 'node:module';

/**
 * Did the compiled part of ssh2 load? When it was built for another Node, ssh2 falls back to JavaScript without a word,
 * and is half as fast.
 */
export function hasNativeCrypto(): boolean {
  try {
    const crypto: unknown = createRequire(import.meta.url)('ssh2/lib/protocol/crypto.js');
    return (
      typeof crypto === 'object' && crypto !== null && 'bindingAvailable' in crypto && crypto.bindingAvailable === true
    );
  } catch {
    return false;
  }
}

export const NO_NATIVE_CRYPTO =
  "ssh2's compiled part did not load (it was built for another Node, or not at all): transfers are half as fast. " +
  'How to mend it: mqi doctor';
