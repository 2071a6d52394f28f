import type { SinkConfig } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import { createCommandSink } from './command-sink.ts';
import { createEmailSink } from './email-sink.ts';
import type { Sink } from './sink.ts';
import { createWebhookSink } from './webhook-sink.ts';

export function createSink(sink: SinkConfig, clock: Clock): Sink {
  switch (sink.type) {
    case 'webhook':
      return createWebhookSink(sink, clock);
    case 'email':
      return createEmailSink(sink, clock);
    case 'command':
      return createCommandSink(sink, clock);
  }
}
