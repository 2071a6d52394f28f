import { createHmac } from 'node:crypto';

import type { WebhookConfig } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import { createDeadline } from '../../supervisor/work/deadline.ts';
import { reasonOf } from '../../supervisor/log.ts';
import type { Message } from './message.ts';
import { readSecret } from './secret-file.ts';
import type { Delivered, Sink } from './sink.ts';

/** POSTs the message as JSON; docs/operations.md says how a receiver checks the signature. */
export function createWebhookSink({ name, url, secretFile, timeoutMs }: WebhookConfig, clock: Clock): Sink {
  const post = async (message: Message, signal: AbortSignal): Promise<Delivered> => {
    const body = JSON.stringify(message);
    const timestamp = String(Math.floor(clock.now() / 1_000));
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal,
      body,
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'mqi-communicator',
        'X-MQI-Incident': message.incident,
        'X-MQI-Episode': message.incident,
        'X-MQI-Delivery': message.delivery,
        'X-MQI-Timestamp': timestamp,
        'X-MQI-Signature': `sha256=${signatureOf(readSecret(secretFile), timestamp, body)}`,
      },
    });
    // its text is nobody's business here, and may have no end
    await response.body?.cancel();
    return response.ok ? { kind: 'delivered' } : { kind: 'failed', reason: `HTTP ${response.status}` };
  };
  return {
    name,
    async deliver(message, signal) {
      const deadline = createDeadline(clock, timeoutMs, signal);
      try {
        return await post(message, deadline.signal);
      } catch (error) {
        const reason = deadline.signal.aborted ? `no answer within ${timeoutMs / 1_000} s` : causeOf(error);
        return { kind: 'failed', reason };
      } finally {
        deadline.clear();
      }
    },
  };
}

/** Over the time too: an old message cannot be played again later. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

/** `fetch failed` says nothing; what it was caused by does. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return reasonOf(cause) === '' ? code : reasonOf(cause);
}
