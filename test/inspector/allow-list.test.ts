import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CaseEvent } from '../../machines/index.ts';
import { initialContext } from '../../machines/index.ts';
import { caseDetail } from '../../src/store/queries.ts';
import { sentOfContext, sentOfEvent } from '../../src/views/inspector/allow-list.ts';
import { storyOf } from '../../src/views/inspector/story.ts';
import { testSite } from '../cli/site.ts';

/** Planted wherever a person's name or a path might come to stand. */
const SECRET = 'DOE^JANE';

describe('what is sent', () => {
  it('holds no name, no reason, no message and no token, whatever happens to a case', () => {
    const site = testSite();
    const beginnings = (index: number): readonly CaseEvent[] => [
      { type: 'host.assigned', host: 'local', token: `mqi-test-x${index}-1-${SECRET}` },
      { type: 'work.blocked', reason: `cannot read /data/${SECRET}` },
      { type: 'upload.failed', message: SECRET },
    ];
    const endings: readonly (readonly CaseEvent[])[] = [
      [{ type: 'inputs.changed', message: SECRET }],
      [{ type: 'operator.cancelled', by: SECRET, why: SECRET }],
      [{ type: 'operator.abandoned', by: SECRET, why: SECRET }],
      [
        { type: 'operator.paused', by: SECRET },
        { type: 'operator.resumed', by: SECRET },
        { type: 'upload.verified' },
        { type: 'slot.leased', slot: 'gpu.1' },
        { type: 'job.unconfirmed', reason: SECRET },
        { type: 'job.created', job: { id: SECRET, createdAt: SECRET } },
        {
          type: 'job.observed',
          observation: { kind: 'missing', queue: { kind: 'not_started', reason: SECRET } },
          sinceMs: 1,
        },
        { type: 'job.gone', end: null, queue: { kind: 'not_started', reason: SECRET } },
        { type: 'results.collected', missingGlobs: [SECRET] },
      ],
      [
        { type: 'upload.verified' },
        { type: 'slot.leased', slot: 'gpu.2' },
        { type: 'job.refused', message: SECRET, hint: SECRET },
      ],
    ];
    for (const [index, ending] of endings.entries()) {
      const id = site.admit(`${SECRET}/${index}`, `case${index}`);
      site.drive(id, ...beginnings(index), ...ending);
      const sent = JSON.stringify(storyOf(caseDetail(site.store.db, id)!).flatMap(({ messages }) => messages));
      expect(sent).toContain(ending.at(-1)!.type);
      expect(sent).not.toContain(SECRET);
      expect(sent).not.toContain('mqi-test');
    }
  });

  it('is nothing that is not listed, however deep and whatever its key', () => {
    fc.assert(
      fc.property(fc.object({ withNullPrototype: false }), (value) => {
        // the keys that are listed are short words: none of them ends in a digit
        const strange = JSON.parse(
          JSON.stringify(value, (_, inner: unknown) =>
            typeof inner === 'object' && inner !== null && !Array.isArray(inner)
              ? Object.fromEntries(Object.entries(inner).map(([key, item]) => [`${key}0`, item]))
              : inner,
          ),
        ) as Record<string, unknown>;
        expect(sentOfEvent(strange)).toEqual({});
        expect(sentOfContext({ ...strange, stop: strange, failure: strange })).toEqual({ failure: {}, stop: {} });
      }),
    );
  });

  it('is of a listed object its listed fields alone, and never the object', () => {
    expect(
      sentOfEvent({ host: 'gpu1', end: { kind: 'exited', exitCode: 0, by: SECRET }, observation: SECRET }),
    ).toEqual({
      host: 'gpu1',
      end: { kind: 'exited', exitCode: 0 },
    });
    expect(sentOfEvent({ host: { name: SECRET } })).toEqual({});
  });

  it('leaves out the clocks, which the journal does not know', () => {
    const sent = sentOfContext(initialContext({ caseId: 'x', attempt: 2, limitMs: 5 }));
    expect(sent).toEqual({
      attempt: 2,
      blind: null,
      failure: null,
      host: null,
      limitMs: 5,
      paused: false,
      releasesAgain: 0,
      slot: null,
      stop: null,
      uploadTries: 0,
    });
  });
});
