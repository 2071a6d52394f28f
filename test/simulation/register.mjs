// `node --import ./test/simulation/register.mjs FILE.ts`: runs TypeScript as it is, on every Node that we support.
import { register } from 'node:module';

register('./typescript-loader.mjs', import.meta.url);
