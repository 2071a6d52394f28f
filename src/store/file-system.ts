import { statfsSync } from 'node:fs';

import { StoreError } from './store-error.ts';

/** `f_type` of statfs(2), from linux/magic.h and the file systems' own headers. SQLite's locks are not safe on any of these. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
]);

/** @throws StoreError */
export function refuseNetworkFileSystem(folder: string, typeOf: (folder: string) => number = fileSystemType): void {
  const name = NETWORK_FILE_SYSTEMS.get(typeOf(folder) >>> 0);
  if (name !== undefined) {
    throw new StoreError(
      `${folder} is on a network file system (${name}), where a database can be damaged by two daemons`,
      'set `database` to a path on a local disk: mqi config check',
    );
  }
}

function fileSystemType(folder: string): number {
  return statfsSync(folder).type;
}
