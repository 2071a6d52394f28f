import { expect, test } from 'vitest';

import { DAEMON, INTAKE, TROUBLES, TROUBLE_KINDS, subjectText } from '../../src/domain/trouble.ts';

test('each thing that can be in trouble has a text of its own', () => {
  const texts = [
    DAEMON,
    INTAKE,
    { kind: 'host', host: 'gpu1' } as const,
    { kind: 'target', target: 'gpu1' } as const,
    { kind: 'attempt', host: 'gpu1', token: 'mqi-lab-c7-1-k2f4' } as const,
  ].map(subjectText);
  expect(texts).toEqual(['daemon', 'intake', 'host/gpu1', 'target/gpu1', 'attempt/mqi-lab-c7-1-k2f4']);
});

test('each kind of trouble is a sentence without its stop, and no two are the same', () => {
  const sentences = TROUBLE_KINDS.map((kind) => TROUBLES[kind]);
  expect(sentences.filter((sentence) => !/^[a-z].{15,}[^.]$/.test(sentence))).toEqual([]);
  expect(new Set(sentences).size).toBe(sentences.length);
});
