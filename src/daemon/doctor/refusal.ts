/** Why a host was not reached, cut into what was found and what to type. */
export interface Refusal {
  readonly isHostKey: boolean;
  readonly found: string;
  readonly repair: string | null;
}

/** How the transport's reasons lead over to a command. */
const TURNS = [
  // what a person has to be sure of stays before the command
  /^(.*?)\.? (Compare it with what the administrator of the host says, then: .*)$/s,
  /^(.*?)\.? (Only if the administrator of the host confirms the new key: .*)$/s,
  /^(.*?)\.? (Ask the host's administrator for its present key.*)$/s,
  /^(.*?)\.? Try: (.*)$/s,
  /^(.*) \(try: (.*)\)$/s,
  /^(.*?)\.? Instead: (.*)$/s,
  /^(.*?)\.? ((?:Set|Check|Install it) .*)$/s,
];

/** Files of known keys that could not be read are named behind the command, and are no part of it. */
const UNREADABLE = /\. (\S+ cannot be read \([A-Z]+\).*)$/s;

export function readRefusal(reason: string): Refusal {
  const unreadable = UNREADABLE.exec(reason)?.[1] ?? null;
  const text = unreadable === null ? reason : reason.replace(UNREADABLE, '');
  const turn = TURNS.map((pattern) => pattern.exec(text)).find((match) => match !== null);
  const found = turn?.[1] ?? text;
  return {
    isHostKey: text.startsWith('the host key of '),
    found: unreadable === null ? found : `${found}. ${unreadable}`,
    repair: turn?.[2] ?? null,
  };
}
