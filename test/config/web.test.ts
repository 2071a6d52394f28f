import { describe, expect, test } from 'vitest';

import { formatListen, parseListen } from '../../src/config/listen.ts';
import { configOf, linesOf, loadText, SMALL } from './load-text.ts';

const withWeb = (yaml: string) => loadText(`${SMALL}web: ${yaml}\n`);

describe('web.listen', () => {
  test.each([
    ['127.0.0.1:8787', { address: '127.0.0.1', port: 8787, isLoopback: true }],
    ['localhost:0', { address: '127.0.0.1', port: 0, isLoopback: true }],
    ['127.8.9.10:80', { address: '127.8.9.10', port: 80, isLoopback: true }],
    ['[::1]:8787', { address: '::1', port: 8787, isLoopback: true }],
    ['[0:0:0:0:0:0:0:1]:1', { address: '0:0:0:0:0:0:0:1', port: 1, isLoopback: true }],
    ['0.0.0.0:8787', { address: '0.0.0.0', port: 8787, isLoopback: false }],
    ['[::]:8787', { address: '::', port: 8787, isLoopback: false }],
    ['10.1.2.3:8787', { address: '10.1.2.3', port: 8787, isLoopback: false }],
    ['[::ffff:127.0.0.1]:8787', { address: '::ffff:127.0.0.1', port: 8787, isLoopback: false }],
  ])('%s is understood', (text, place) => {
    expect(parseListen(text)).toEqual(place);
    if (!text.startsWith('localhost')) expect(formatListen(place)).toBe(text);
  });

  test.each(['8787', '127.0.0.1', ':8787', '127.0.0.1:65536', '127.0.0.300:1', 'gpu1:8787', '::1:8787', '127.1:8787x'])(
    '%s is refused',
    (text) => {
      expect(parseListen(text)).toBeNull();
      expect(linesOf(withWeb(`{ listen: "${text}" }`)).join()).toContain('web.listen');
    },
  );

  test('another address than loopback needs a token file', () => {
    expect(linesOf(withWeb('{ listen: 0.0.0.0:8787 }')).join()).toMatch(/web\.listen.*loopback, or token_file/);
    const { web } = configOf(withWeb('{ listen: 0.0.0.0:8787, token_file: tokens }'));
    expect(web.listen).toEqual({ kind: 'at', address: '0.0.0.0', port: 8787, isLoopback: false });
  });

  test('off is off, and nothing said is the default', () => {
    expect(configOf(withWeb('{ listen: off }')).web.listen).toEqual({ kind: 'off' });
    expect(configOf(loadText(SMALL)).web.listen).toEqual({ kind: 'default' });
  });
});
