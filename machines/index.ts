export { caseMachine } from './case.machine.ts';
export type { CaseContext, StopReason } from './case.context.ts';
export { CONTEXT_VERSION, LINGER_MS, RELEASES_AGAIN, UPLOAD_TRIES, initialContext } from './case.context.ts';
export type { CaseEvent, CaseEventType, CaseInput } from './case.events.ts';
export { LINK_BACKOFF_MS, backoffMs, linkMachine } from './link.machine.ts';
export type { LinkContext, LinkEvent } from './link.machine.ts';
