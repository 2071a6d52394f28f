import { Command } from 'commander';

import { CASE_STATES, PHASES } from '../domain/case.ts';
import type { Holder } from '../store/lock.ts';
import { daemonOf } from '../store/lock.ts';
import { countsShape } from '../views/shapes.ts';
import { rhythmsOf } from '../views/silence.ts';
import { gatherStatus, statusShape } from '../views/status.ts';
import type { StatusFacts } from '../views/status.ts';
import { JSON_OPTION, optionsOf } from './cli.ts';
import type { Cli, JsonOption } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { printHosts } from './hosts.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import type { Piece } from './screen.ts';
import { withSession } from './session.ts';
import type { Session } from './session.ts';
import { printSlots } from './slots.ts';
import { age } from './words.ts';

export function statusCommand(cli: Cli): Command {
  return new Command('status')
    .description('one screen: the daemon, the cases, the hosts, the slots, and what needs a person')
    .option(...JSON_OPTION)
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<JsonOption>(command);
      await withSession(cli.io, options, 'read', (session) => {
        const facts = factsOf(session, cli.io.clock.now());
        if (options.json === true) cli.io.out.json(statusShape(facts));
        else print(cli.io, facts);
      });
      cli.exitWith(EXIT.ok);
    });
}

function factsOf({ config, db }: Session, nowMs: number): StatusFacts {
  const daemon = daemonOf(config.database);
  const site = { database: config.database, watch: config.watch.path, results: config.results };
  const state = daemon.running ? daemon : { running: false, holder: null };
  return gatherStatus(db, site, state, nowMs, rhythmsOf(config.hosts));
}

function print(io: Io, facts: StatusFacts): void {
  const now = io.clock.now();
  const line = (key: string, ...pieces: readonly Piece[]): void =>
    io.out.line(styled('dim', key.padEnd(10)), ...pieces);
  if (facts.daemon.running) {
    const word = facts.silentMs === null ? styled('green', 'running') : styled('red', 'standing still');
    line('daemon', word, holderText(facts.daemon.holder));
  } else {
    const last = facts.lastSignMs === null ? '' : `, last sign of life ${age(facts.lastSignMs, now)} ago`;
    line('daemon', styled('red', 'not running'), `${last}: nothing moves until mqi run`);
  }
  line('database', facts.database);
  line('watch', facts.watch);
  line('results', facts.results);
  if (facts.daemon.running) line('web page', ...webPieces(facts.web));
  line('cases', ...countPieces(facts));
  io.out.line();
  printHosts(io, facts.hosts, facts.daemon.running);
  io.out.line();
  printSlots(io, facts.slots);
  const { attention } = statusShape(facts);
  if (attention.length === 0) return;
  io.out.line();
  for (const { what, next } of attention) io.out.line(styled('yellow', '! '), what, styled('dim', '  next: '), next);
}

function holderText(holder: Holder | null): string {
  return holder === null ? '' : `, pid ${holder.pid} on ${holder.host} since ${holder.since}`;
}

function webPieces({ url, trouble }: StatusFacts['web']): readonly Piece[] {
  if (trouble !== null) return [styled('red', 'not served'), `: ${trouble}`];
  return [url ?? styled('dim', 'off')];
}

/** `3 running (2 executing, 1 queued)`: phases only where they tell more than the state. */
function countPieces(facts: StatusFacts): readonly Piece[] {
  const { states, phases } = countsShape(facts.counts);
  return CASE_STATES.flatMap((state, index): Piece[] => {
    const inside = PHASES[state]
      .filter((phase) => phase !== state && phases[phase] > 0)
      .map((phase) => `${phases[phase]} ${phase}`);
    const text = `${states[state]} ${state}${inside.length === 0 ? '' : ` (${inside.join(', ')})`}`;
    const quiet = states[state] === 0;
    return [index === 0 ? '' : ', ', quiet ? styled('dim', text) : state === 'failed' ? styled('red', text) : text];
  });
}
