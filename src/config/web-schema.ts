import * as z from 'zod';
import { localPath, matching, text } from './field.ts';
import { parseListen } from './listen.ts';

const listenExpected = 'an address and a port such as 127.0.0.1:8787, or off';
const hostname = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;

export const webSchema = z
  .strictObject({
    listen: text({ expected: listenExpected, examples: ['127.0.0.1:8787'] }, (value) =>
      value === 'off' || parseListen(value) !== null ? null : listenExpected,
    )
      .optional()
      .describe(
        'Where the web page is served: an IP address or `localhost`, and a port (0: any free one); `off`: not at all. Another address than loopback needs `token_file`, and then reading needs the token too. Default: `127.0.0.1:8787`, or a free port of loopback where that one is taken.',
      ),
    token_file: localPath('/etc/mqi/web-token')
      .optional()
      .describe(
        'A file with one token a line, `NAME TOKEN`, readable only by its owner; orders are recorded under the name. Without it the page is read-only.',
      ),
    hostnames: z
      .array(matching(hostname, { expected: 'a host name', examples: ['mqi.example.org'] }))
      .meta({ expected: 'a list of host names', examples: [['mqi.example.org']] })
      .prefault([])
      .describe(
        'Names, beside the address itself and `localhost`, under which browsers reach the page, such as that of a proxy before it. A request for any other name is refused.',
      ),
  })
  .superRefine(({ listen, token_file }, context) => {
    const place = listen === undefined || listen === 'off' ? null : parseListen(listen);
    if (place === null || place.isLoopback || token_file !== undefined) return;
    const message = 'an address of loopback, or token_file beside it: others could give orders and read names';
    context.addIssue({ code: 'custom', path: ['listen'], message });
  })
  .meta({ expected: 'a map such as { listen: 127.0.0.1:8787 }' })
  .prefault({})
  .describe('The web page of the daemon.');
