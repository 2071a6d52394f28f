import * as z from 'zod';
import { ALARM_KINDS } from '../domain/alarm.ts';
import type { AlarmKind } from '../domain/alarm.ts';
import { duration, localPath, matching, size, text, wholeNumber } from './field.ts';

/** A site that finishes hundreds of cases a day does not want to hear of each. */
const TOLD_BY_DEFAULT: AlarmKind[] = ALARM_KINDS.filter((kind) => kind !== 'case_completed');

const common = {
  on: z
    .array(z.enum(ALARM_KINDS).meta({ expected: `one of ${ALARM_KINDS.join(', ')}` }))
    .meta({ expected: 'a list of kinds', examples: [['case_failed', 'host_unreachable']] })
    .prefault(TOLD_BY_DEFAULT)
    .describe('Which kinds it is told. Default: all but `case_completed`.'),
  timeout: duration({ min: '1s', max: '10m', example: '10s' }).prefault('10s').describe('How long one try may take.'),
};

const urlExpected = 'an http or https URL without a user or password in it';

const webhook = z
  .strictObject({
    type: z.literal('webhook').describe('A signed POST with a JSON body.'),
    ...common,
    url: text({ expected: urlExpected, examples: ['https://ops.example.org/mqi'] }, (value) =>
      isUrl(value) ? null : urlExpected,
    ).describe('Where it is sent to. Anything but a 2xx answer, a redirect too, is tried again.'),
    secret_file: localPath('/etc/mqi/webhook-secret').describe(
      'A file whose first line is the secret that signs the body (HMAC-SHA256); readable only by its owner.',
    ),
  })
  .describe('Told by HTTP.');

const ADDRESS = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/;
const address = (): ReturnType<typeof matching> =>
  matching(ADDRESS, { expected: 'a mail address', examples: ['physics@example.org'] });

const email = z
  .strictObject({
    type: z.literal('email').describe('A mail through an SMTP server.'),
    ...common,
    smtp: matching(/^[^-\s@/:][^\s@/:]*$/, {
      expected: 'a host name or address',
      examples: ['mail.example.org'],
    }).describe('The SMTP server.'),
    port: wholeNumber(1, 65_535).prefault(587).describe('The port of the SMTP server.'),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .prefault('starttls')
      .describe(
        '`starttls`: refused without it; `tls`: from the first byte, as port 465 has it; `none`: for a relay on this machine.',
      ),
    user: text({ expected: 'a user name', examples: ['mqi'] })
      .optional()
      .describe('Default: no login.'),
    password_file: localPath('/etc/mqi/smtp-password')
      .optional()
      .describe('A file whose first line is the password of `user`; readable only by its owner.'),
    from: address().describe('The sender.'),
    to: z
      .array(address())
      .min(1)
      .meta({ expected: 'a list of mail addresses', examples: [['physics@example.org']] })
      .describe('Who gets it.'),
  })
  .superRefine(({ user, password_file }, context) => {
    if ((user === undefined) === (password_file === undefined)) return;
    const [path, other] = user === undefined ? ['password_file', 'user'] : ['user', 'password_file'];
    context.addIssue({ code: 'custom', path: [path], message: `${other} beside it, or neither of them` });
  })
  .describe('Told by mail.');

const command = z
  .strictObject({
    type: z.literal('command').describe('A program of this machine.'),
    ...common,
    command: z
      .array(z.string().meta({ expected: 'an argument, as text' }))
      .min(1)
      .meta({ expected: 'a program and its arguments', examples: [['/usr/local/bin/page', 'oncall']] })
      .describe(
        'Run without a shell; JSON on its standard input, the main facts in `MQI_INCIDENT_*`. Exit code 0: delivered.',
      ),
  })
  .describe('Told by a program.');

export const notifySchema = z
  .strictObject({
    sinks: z
      .record(
        z.string(),
        z.discriminatedUnion('type', [webhook, email, command]).meta({
          expected:
            'a map such as { type: webhook, url: https://ops.example.org/mqi, secret_file: /etc/mqi/webhook-secret }',
        }),
      )
      .meta({ expected: 'a map of sinks, each under a name of your choice' })
      .prefault({})
      .describe('Who is told, each under a name of your choice. None: nobody.'),
    host_unreachable_after: duration({ min: '1s', max: '7d', example: '5m' })
      .prefault('5m')
      .describe('`host_unreachable`: a host is unreachable for this long.'),
    trouble_after: duration({ min: '0s', max: '7d', example: '15m' })
      .prefault('15m')
      .describe(
        '`trouble`: something is wrong for this long with one case, one host, the watched folder or the daemon itself.',
      ),
    disk_free_below: size({ min: '1 MiB', example: '5 GiB' })
      .prefault('5 GiB')
      .describe(
        '`disk_low`: less than this is free for the results, the database or the root of a local host. Over once a tenth more is free.',
      ),
    near_limit_at: wholeNumber(1, 99)
      .prefault(90)
      .describe('`job_near_limit`: a job was seen executing for this many percent of its limit.'),
    group_within: duration({ min: '0s', max: '1h', example: '1m' })
      .prefault('1m')
      .describe('`case_failed`, `case_completed`: what happens within this time is told in one message.'),
    give_up_after: duration({ min: '1m', max: '30d', example: '24h' })
      .prefault('24h')
      .describe('A message that could not be delivered for this long is given up, visibly.'),
  })
  .meta({ expected: 'a map such as { sinks: { … } }' })
  .prefault({})
  .describe('Whom the daemon tells, unasked, of what a person should know: docs/operations.md, "Alarms".');

function isUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}
