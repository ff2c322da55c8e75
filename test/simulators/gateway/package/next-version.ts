import { serve } from './serve.ts';
import { readSettings } from './settings.ts';

/** The service of the reference package in its next version, which does the same and says so. */
await serve(readSettings(process.argv[2] ?? 'settings.json'), { version: 'next' });
