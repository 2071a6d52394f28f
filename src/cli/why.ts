import { Command } from 'commander';

import { explain, explainCandidate, gatherWhy } from '../views/why.ts';
import type { Explanation } from '../views/why.ts';
import { resolveCaseOrFolder } from './case-ref.ts';
import { JSON_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import { withSession } from './session.ts';
import type { Session } from './session.ts';

export function whyCommand(cli: Cli): Command {
  return new Command('why')
    .argument('<case>', 'a case, or the name of a folder that is none yet')
    .description('why it is where it is, and what it waits for, in one sentence')
    .option(...JSON_OPTION)
    .action(async (text: string, _: unknown, command: Command) => {
      const options = optionsOf<JsonOption>(command);
      await withSession(cli.io, options, 'read', (session) => {
        const { subject, explanation } = explained(cli.io, session, text);
        if (options.json === true) cli.io.out.json({ why: { ...subject, ...explanation } });
        else printExplanation(cli.io, explanation);
      });
      cli.exitWith(EXIT.ok);
    });
}

interface Explained {
  /** `id` is null for a folder that is no case. */
  readonly subject: { readonly id: string | null; readonly name: string };
  readonly explanation: Explanation;
}

function explained(io: Io, session: Session, text: string): Explained {
  const found = resolveCaseOrFolder(session.db, text);
  const now = io.clock.now();
  if (found.kind === 'folder') {
    const explanation = explainCandidate(found.row, session.whyConfig, session.daemon(), now);
    return { subject: { id: null, name: found.row.name }, explanation };
  }
  return {
    subject: { id: found.row.id, name: found.row.name },
    explanation: explanationOf(io, session, found.row.id),
  };
}

export function explanationOf(io: Io, session: Session, caseId: string): Explanation {
  const facts = gatherWhy(session.db, caseId, session.whyConfig, session.daemon(), io.clock.now());
  if (facts === null) throw new Error(`case ${caseId} was there a moment ago`);
  return explain(facts);
}

export function printExplanation(io: Io, { sentence, next, more }: Explanation): void {
  io.out.line(sentence);
  if (next !== null) io.out.line(styled('dim', '  next: '), next);
  if (more !== null) io.out.line(styled('dim', '  more: '), more);
}
