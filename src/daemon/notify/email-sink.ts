import { createTransport } from 'nodemailer';

import type { EmailConfig } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import { createDeadline } from '../../supervisor/work/deadline.ts';
import { reasonOf } from '../../supervisor/log.ts';
import type { Message } from './message.ts';
import { readSecret } from './secret-file.ts';
import type { Delivered, Sink } from './sink.ts';

/** One mail a message. A repeat has the same Message-ID, so that a mailbox keeps one of them. */
export function createEmailSink(config: EmailConfig, clock: Clock): Sink {
  const { name, smtp, port, security, login, timeoutMs } = config;
  const send = async (message: Message, signal: AbortSignal): Promise<Delivered> => {
    const transport = createTransport({
      host: smtp,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      ...(login === null ? {} : { auth: { user: login.user, pass: readSecret(login.passwordFile) } }),
    });
    const aborted = new Promise<Delivered>((resolve) => {
      const late = (): void => resolve({ kind: 'failed', reason: `no answer within ${timeoutMs / 1_000} s` });
      if (signal.aborted) late();
      else signal.addEventListener('abort', late, { once: true });
    });
    try {
      return await Promise.race([transport.sendMail(mailOf(message, config)).then((): Delivered => DONE), aborted]);
    } finally {
      transport.close();
    }
  };
  return {
    name,
    async deliver(message, signal) {
      const deadline = createDeadline(clock, timeoutMs, signal);
      try {
        return await send(message, deadline.signal);
      } catch (error) {
        return { kind: 'failed', reason: reasonOf(error) };
      } finally {
        deadline.clear();
      }
    },
  };
}

const DONE: Delivered = { kind: 'delivered' };

function mailOf(
  message: Message,
  { from, to }: EmailConfig,
): Parameters<ReturnType<typeof createTransport>['sendMail']>[0] {
  const facts = Object.entries(message.facts).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
  const lines = [
    message.summary,
    '',
    `kind:     ${message.kind} (docs/operations.md)`,
    `opened:   ${message.openedAt}`,
    ...(message.endedAt === null ? [] : [`ended:    ${message.endedAt}`]),
    `incident:  ${message.incident}`,
    `from:     installation ${message.installation} on ${message.machine}`,
    ...(facts.length === 0 ? [] : ['facts:', ...facts]),
    '',
    `next: ${message.next}`,
  ];
  return {
    from,
    to: [...to],
    subject: `[mqi] ${message.summary}`,
    text: `${lines.join('\n')}\n`,
    messageId: `<${message.delivery}.${message.installation}@mqi.invalid>`,
    headers: {
      'X-MQI-Incident': message.incident,
      'X-MQI-Episode': message.incident,
      'X-MQI-Delivery': message.delivery,
      'Auto-Submitted': 'auto-generated',
    },
    // what a message says is text: nothing in it may name a file or a URL to attach
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
