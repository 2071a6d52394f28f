import { expect, it } from 'vitest';

import { ALARM_KINDS, LASTING_ALARMS } from '../../src/domain/alarm.ts';

it('an alarm that lasts is an alarm; what happened to a case does not last', () => {
  expect(ALARM_KINDS).toEqual(expect.arrayContaining([...LASTING_ALARMS]));
  expect(LASTING_ALARMS.filter((kind) => kind.startsWith('case_'))).toEqual([]);
});
