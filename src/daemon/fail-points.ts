import type { FailPoint } from '../supervisor/fail-point.ts';

/**
 * `MQI_FAILPOINTS=create.answer=lost;commit.after.job.unconfirmed=kill`: for tests only. `kill` ends the daemon as
 * SIGKILL does, at that very place; `lost` makes an answer get lost. `NAME=kill@3` acts at the third passing.
 * @throws when the text is not of this form: a test that names no real action would prove nothing
 */
export function failPointsFrom(text: string | undefined): FailPoint {
  const points = new Map<string, { readonly action: 'kill' | 'lost'; passings: number }>();
  for (const part of (text ?? '').split(';').filter((piece) => piece !== '')) {
    const match = /^([a-z._]+)=(kill|lost)(?:@(\d+))?$/.exec(part);
    if (match === null) throw new Error(`MQI_FAILPOINTS: "${part}" is not of the form name=kill or name=lost`);
    points.set(match[1]!, { action: match[2] as 'kill' | 'lost', passings: Number(match[3] ?? 1) });
  }
  return (name) => {
    const point = points.get(name);
    if (point === undefined) return 'go';
    point.passings -= 1;
    if (point.passings !== 0) return 'go';
    if (point.action === 'kill') process.kill(process.pid, 'SIGKILL');
    return 'lost';
  };
}
