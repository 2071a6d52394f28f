import * as z from 'zod';
import { duration, localPath, text, wholeNumber } from './field.ts';

/** Half-written or hidden by convention: of editors, copy tools, browsers and office programs. */
const DEFAULT_IGNORE = ['*.tmp', '*.part', '*.partial', '*.filepart', '~*', '.~lock*', '.*.??????'];

const fileName = 'a plain file name without /';
const namePattern = 'a pattern for one name, without /';

export const watchSchema = z
  .strictObject({
    path: localPath('/data/new_cases').describe(
      'The folder to watch. Every folder in it is a case. It is only read: cases are never changed or deleted.',
    ),
    quiet_period: duration({ min: '100ms', max: '7d', example: '30s' })
      .prefault('30s')
      .describe(
        'A case is complete when its files have not changed for this long. Longer than the longest pause of whatever copies the cases; no quiet period survives a copy that stalls, a `ready_marker` does.',
      ),
    ready_marker: text({ expected: fileName, examples: ['READY'] }, (value) =>
      value.includes('/') || value === '.' || value === '..' ? fileName : null,
    )
      .optional()
      .describe(
        'Instead of the quiet period: a case is complete when a file of this name lies in it, written last by whatever copies the cases.',
      ),
    depth: wholeNumber(1, 8)
      .prefault(1)
      .describe('How many levels below `path` the cases lie: 1 for `path/CASE`, 2 for `path/PATIENT/STUDY`.'),
    ignore: z
      .array(
        text({ expected: namePattern, examples: ['*.tmp'] }, (value) => (value.includes('/') ? namePattern : null)),
      )
      .meta({ expected: 'a list of patterns for names', examples: [['*.tmp', '~*']] })
      .prefault(DEFAULT_IGNORE)
      .describe(
        'Temporary names. A folder so named is not seen (nor is a hidden one); while a file so named lies in a case, its copy is not finished. A list here replaces the default list, whose last pattern is for rsync.',
      ),
    rescan_every: duration({ min: '100ms', max: '24h', example: '30s' })
      .prefault('30s')
      .describe(
        'How often the folder is read anew. Notifications only make it faster: on network file systems they may never come.',
      ),
  })
  .meta({ expected: 'a map such as { path: /data/new_cases }' })
  .describe('Where cases come from, and when a folder counts as complete.');
