import * as z from 'zod';
import { complaints, PLACEHOLDERS, type CommandComplaint } from './command.ts';
import { nearest } from './nearest.ts';
import { duration, text, yesOrNo } from './field.ts';
import { assertNever } from '../domain/assert-never.ts';
import { LIMIT_BOUNDS } from '../domain/limit.ts';

const placeholderList = PLACEHOLDERS.map((name) => `{${name}}`).join(' ');

const argument = z
  .string()
  .superRefine((value, context) => complain(value, false, context))
  .meta({ expected: 'an argument, as text' });

const commandList = z
  .array(argument)
  .min(1)
  .superRefine(([program], context) => {
    if (program === '' || program?.startsWith('~') === true) {
      context.addIssue({
        code: 'custom',
        path: [0],
        message:
          program === ''
            ? 'a program'
            : 'a program by name or absolute path: a list is run without a shell, so ~ stays ~',
      });
    }
  })
  .meta({ expected: 'a program and its arguments' });

const commandString = z
  .string()
  .min(1)
  .superRefine((value, context) => complain(value, true, context))
  .meta({ expected: 'a command for sh' });

const globExpected = "a pattern below the attempt's directory: not absolute, without .. in it";
const glob = text({ expected: globExpected, examples: ['output/**'] }, (value) =>
  value.startsWith('/') || value.startsWith('~') || value.split('/').includes('..') ? globExpected : null,
);

export const jobSchema = z
  .strictObject({
    command: z
      .union([commandString, commandList])
      .meta({
        expected: 'a list such as [moqui, "{inputs}/moqui_tps.in"], or a string for sh -c',
        examples: [['moqui', '{inputs}/moqui_tps.in'], 'sh {inputs}/run.sh'],
      })
      .describe(
        `What runs for each case, in the attempt's directory on the host. A list is run as it is, a string by \`sh -c\`. Placeholders: \`${placeholderList}\`; each is a variable of the job's environment too (\`MQI_INPUTS\`, \`MQI_CASE\` …), and never text that a shell reads. \`{{\` and \`}}\` are the braces themselves.`,
      ),
    collect: z
      .array(
        z
          .union([
            glob,
            z
              .strictObject({
                glob: glob.describe("Files below the attempt's directory; `*` stays in one folder, `**` does not."),
                optional: yesOrNo().prefault(false).describe('May it match nothing?'),
              })
              .meta({ expected: 'a map such as { glob: "*.log", optional: true }' }),
          ])
          .meta({ expected: 'a pattern, or a map such as { glob: "*.log", optional: true }' }),
      )
      .meta({ expected: 'a list of patterns', examples: [['output/**', { glob: '*.log', optional: true }]] })
      .prefault([
        { glob: 'output/**', optional: true },
        { glob: '*.log', optional: true },
      ])
      .describe(
        'Which files come back, beside stdout and stderr. A pattern that matches nothing fails the case, unless it is optional.',
      ),
    limit: duration({ ...LIMIT_BOUNDS, example: '24h' })
      .prefault('24h')
      .describe(
        'How long a job may execute. Only time in which it was seen to execute counts: not the queue, not a suspension, not a lost connection.',
      ),
  })
  .meta({ expected: 'a map such as { command: [moqui, "{inputs}/moqui_tps.in"] }' })
  .describe('What is run for a case, and what comes back.');

function complain(value: string, shell: boolean, context: z.core.$RefinementCtx<string>): void {
  if (value.includes('\0')) context.addIssue({ code: 'custom', message: 'text without a NUL character' });
  for (const complaint of complaints(value, shell)) {
    const near = complaint.kind === 'unknown' ? nearest(complaint.name.trim(), PLACEHOLDERS) : null;
    context.addIssue({
      code: 'custom',
      message: expectedInstead(complaint),
      params: { found: foundBrace(complaint), suggestion: suggestionFor(complaint, near) },
    });
  }
}

function foundBrace(complaint: CommandComplaint): string {
  if (complaint.kind === 'stray') return `a lone ${complaint.brace}`;
  if (complaint.kind === 'code') return '{case} in double quotes that a second shell reads';
  return complaint.kind === 'dollar' ? `\${${complaint.name}}` : `{${complaint.name}}`;
}

function expectedInstead(complaint: CommandComplaint): string {
  switch (complaint.kind) {
    case 'unknown':
      return `one of ${placeholderList}; {{ and }} for the braces themselves`;
    case 'stray':
      return `${complaint.brace}${complaint.brace} for the brace itself, or one of ${placeholderList}`;
    case 'dollar':
      return `{${complaint.name}}: with the dollar it is a variable of the shell`;
    case 'code':
      return 'it in single quotes: there that shell reads a variable, and here it would run what a name holds';
    default:
      return assertNever(complaint);
  }
}

function suggestionFor(complaint: CommandComplaint, near: string | null): string | null {
  if (complaint.kind === 'dollar') return `{${complaint.name}}`;
  return near === null ? null : `{${near}}`;
}
