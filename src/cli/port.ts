import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

/** @throws CliError for what is no number of a port; 0 is any free one */
export function portFrom(text: string, flag: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new CliError(`${text} is no port`, `give ${flag} a number up to 65535, or leave it out`, EXIT.usage);
}
