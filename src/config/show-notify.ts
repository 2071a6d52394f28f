import type { NotifyConfig, SinkConfig } from './config.ts';
import { durationText } from './duration-text.ts';
import type { ConfigInput } from './schema.ts';

type NotifyInput = NonNullable<ConfigInput['notify']>;
type SinkInput = NonNullable<NotifyInput['sinks']>[string];

/** The section that would have made this configuration; as `inputOf` (show.ts). */
export function notifyInput(notify: NotifyConfig): NotifyInput {
  return {
    sinks: Object.fromEntries(notify.sinks.map((sink) => [sink.name, sinkInput(sink)])),
    host_unreachable_after: durationText(notify.hostUnreachableMs),
    trouble_after: durationText(notify.troubleMs),
    disk_free_below: sizeText(notify.diskFreeBytes),
    near_limit_at: notify.nearLimitPercent,
    group_within: durationText(notify.groupMs),
    give_up_after: durationText(notify.giveUpMs),
  };
}

function sinkInput(sink: SinkConfig): SinkInput {
  const common = { on: [...sink.on], timeout: durationText(sink.timeoutMs) };
  switch (sink.type) {
    case 'webhook':
      return { type: 'webhook', ...common, url: sink.url, secret_file: sink.secretFile };
    case 'email': {
      const { smtp, port, security, login, from, to } = sink;
      const as = login === null ? {} : { user: login.user, password_file: login.passwordFile };
      return { type: 'email', ...common, smtp, port, security, ...as, from, to: [...to] };
    }
    case 'command':
      return { type: 'command', ...common, command: [...sink.command] };
  }
}

const UNITS = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** A text that `parseSizeBytes` reads back as exactly this. */
function sizeText(bytes: number): string {
  const [unit, unitBytes] = UNITS.find(([, many]) => bytes % many === 0) ?? (['B', 1] as const);
  return `${bytes / unitBytes} ${unit}`;
}
