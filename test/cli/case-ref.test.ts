import { describe, expect, it } from 'vitest';

import { testSite } from './site.ts';

describe('a case on the command line', () => {
  function siteWithThree() {
    const site = testSite();
    site.admit('lung-120MeV', 'abc111');
    site.admit('lung-150MeV', 'abd222');
    site.admit('prostate', 'eee333');
    return site;
  }
  const shownId = (out: string): string => (JSON.parse(out) as { case: { id: string } }).case.id;

  it('is meant by its id, a beginning of it, its name, or a beginning of that', async () => {
    const site = siteWithThree();
    for (const text of ['eee333', 'e', 'prostate', 'pro']) {
      expect(shownId((await site.run(['cases', 'show', text, '--json'])).out)).toBe('eee333');
    }
  });

  it('is meant by its exact name even where another name begins with it', async () => {
    const site = siteWithThree();
    site.admit('lung', 'fff444');
    expect(shownId((await site.run(['cases', 'show', 'lung', '--json'])).out)).toBe('fff444');
  });

  it('is refused with the candidates where several may be meant', async () => {
    const site = siteWithThree();
    const { code, err } = await site.run(['cases', 'show', 'lung']);
    expect(code).toBe(2);
    expect(err).toContain('abc111  lung-120MeV');
    expect(err).toContain('abd222  lung-150MeV');
    expect(err).toContain('next: ');
    expect((await site.run(['cases', 'show', 'ab'])).code).toBe(2);
  });

  it('is asked back when it is unknown, with the nearest names', async () => {
    const site = siteWithThree();
    const { code, err } = await site.run(['cases', 'show', 'prostaet']);
    expect(code).toBe(66);
    expect(err).toContain('did you mean prostate?');
  });

  it('may be a folder that is no case, for mqi why', async () => {
    const site = siteWithThree();
    const { writeCandidate } = await import('../../src/store/candidates.ts');
    const at = site.clock.now();
    site.store.write((tx) =>
      writeCandidate(tx, {
        path: '/new/half',
        name: 'half',
        state: 'rejected',
        reason: 'it holds a socket',
        caseId: null,
        signature: '',
        firstSeenAt: at,
        updatedAt: at,
      }),
    );
    const { code, out } = await site.run(['why', 'half']);
    expect(code).toBe(0);
    expect(out).toContain('it holds a socket');
  });
});
