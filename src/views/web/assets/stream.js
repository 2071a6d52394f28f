// The one event stream of a browser, whatever the number of its tabs: it lives in a shared worker. Where there is none, one
// tab has it and tells the others; where not even that can be, each tab has its own. This file is both the worker and what
// a page starts it with. It does not lean on what browsers of 2023 lack.
'use strict';

(() => {
  /** The server says something every ten seconds: silence for longer is a connection that is dead without saying so. */
  const SILENCE_MS = 25_000;
  /** After an answer that is no stream (the daemon is just starting, the session is over). */
  const AGAIN_MS = 3_000;

  /**
   * Opens the stream and keeps it open. `tell` gets `{kind}` messages: `found` and `lost` with the times, `change` with the
   * cases that it concerns, `tick` for what is no entry of the journal.
   * @param {(message: StreamMessage) => void} tell
   * @returns {() => StreamMessage | null} what somebody who comes later has to know
   */
  function openStream(tell) {
    /** @type {{ isOpen: boolean, lostAt: number | null, last: number | null, offset: number }} */
    const state = { isOpen: false, lostAt: null, last: null, offset: 0 };
    /** @type {EventSource} */
    let source;
    let heardAt = Date.now();

    const lost = () => {
      if (state.lostAt !== null) return;
      state.isOpen = false;
      state.lostAt = heardAt;
      tell({ kind: 'lost', lostAt: state.lostAt, offset: state.offset });
    };
    /** @param {MessageEvent} event */
    const heard = (event) => {
      heardAt = Date.now();
      if (event.lastEventId !== '') state.last = Number(event.lastEventId);
      return JSON.parse(event.data);
    };
    const connect = () => {
      // the header is sent by the browser when it connects again by itself; a new source can only say it here
      source = new EventSource(state.last === null ? '/events' : `/events?after=${state.last}`);
      source.addEventListener('hello', (event) => {
        const { now, missed } = heard(event);
        state.isOpen = true;
        state.offset = now - Date.now();
        const lostAt = state.lostAt;
        state.lostAt = null;
        tell({ kind: 'found', lostAt, foundAt: Date.now(), missed, last: state.last, offset: state.offset });
      });
      source.addEventListener('change', (event) => {
        const { cases } = heard(event);
        tell({ kind: 'change', cases, last: state.last });
      });
      source.addEventListener('tick', (event) => {
        heard(event);
        tell({ kind: 'tick' });
      });
      source.addEventListener('beat', (event) => {
        const { now, daemonMs } = heard(event);
        state.offset = now - Date.now();
        tell({ kind: 'beat', offset: state.offset, daemonMs });
      });
      source.addEventListener('error', () => {
        lost();
        if (source.readyState !== EventSource.CLOSED) return;
        setTimeout(connect, AGAIN_MS);
      });
    };
    setInterval(() => {
      if (Date.now() - heardAt < SILENCE_MS || source.readyState === EventSource.CLOSED) return;
      lost();
      source.close();
      heardAt = Date.now();
      connect();
    }, 5_000);
    connect();
    return () =>
      state.isOpen
        ? { kind: 'found', lostAt: null, foundAt: Date.now(), missed: 0, last: state.last, offset: state.offset }
        : state.lostAt === null
          ? null
          : { kind: 'lost', lostAt: state.lostAt, offset: state.offset };
  }

  if (typeof SharedWorkerGlobalScope !== 'undefined') {
    /** @type {Set<MessagePort>} */
    const ports = new Set();
    const now = openStream((message) => {
      for (const port of ports) port.postMessage(message, []);
    });
    self.addEventListener('connect', (event) => {
      const port = /** @type {MessageEvent} */ (event).ports[0];
      ports.add(port);
      port.addEventListener('message', () => ports.delete(port));
      port.start();
      const message = now();
      if (message !== null) port.postMessage(message, []);
    });
    return;
  }

  /**
   * For a page: its share of the stream.
   * @param {(message: StreamMessage) => void} tell
   * @param {string} address of this very file
   */
  globalThis.mqiStream = (tell, address) => {
    if (typeof SharedWorker !== 'undefined') {
      const worker = new SharedWorker(address, 'mqi');
      worker.port.addEventListener('message', (event) => tell(event.data));
      worker.port.start();
      globalThis.addEventListener('pagehide', () => worker.port.postMessage('bye', []));
    } else if (typeof BroadcastChannel !== 'undefined' && navigator.locks !== undefined) {
      shareByLock(tell);
    } else {
      openStream(tell);
    }
  };

  /**
   * The tab that has the lock has the stream; when it is closed another one gets both.
   * @param {(message: StreamMessage) => void} tell
   */
  function shareByLock(tell) {
    const channel = new BroadcastChannel('mqi');
    /** @type {() => StreamMessage | null} */
    let now = () => null;
    /** @param {object} message */
    const send = (message) =>
      // eslint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no origin but its own
      channel.postMessage(message);
    channel.addEventListener('message', (event) => {
      if (event.data.kind !== 'ask') tell(event.data);
      else {
        const message = now();
        if (message !== null) send(message);
      }
    });
    send({ kind: 'ask' });
    void navigator.locks.request('mqi', () => {
      now = openStream((message) => {
        tell(message);
        send(message);
      });
      return new Promise(() => {});
    });
  }
})();
