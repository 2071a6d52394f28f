import type { NotifyConfig, SinkConfig } from './config.ts';
import type { ConfigOutput } from './schema.ts';

type NotifyOutput = ConfigOutput['notify'];

export function resolveNotify(notify: NotifyOutput, local: (path: string) => string): NotifyConfig {
  return {
    sinks: Object.entries(notify.sinks).map(([name, sink]) => resolveSink(name, sink, local)),
    hostUnreachableMs: notify.host_unreachable_after,
    troubleMs: notify.trouble_after,
    diskFreeBytes: notify.disk_free_below,
    nearLimitPercent: notify.near_limit_at,
    groupMs: notify.group_within,
    giveUpMs: notify.give_up_after,
  };
}

function resolveSink(name: string, sink: NotifyOutput['sinks'][string], local: (path: string) => string): SinkConfig {
  const common = { name, on: sink.on, timeoutMs: sink.timeout };
  switch (sink.type) {
    case 'webhook':
      return { ...common, type: 'webhook', url: sink.url, secretFile: local(sink.secret_file) };
    case 'email': {
      const { smtp, port, security, from, to, user, password_file } = sink;
      // the schema takes both or neither
      const login =
        user === undefined || password_file === undefined ? null : { user, passwordFile: local(password_file) };
      return { ...common, type: 'email', smtp, port, security, login, from, to };
    }
    case 'command':
      return { ...common, type: 'command', command: sink.command };
  }
}
