import { serve } from './serve.ts';
import { readSettings } from './settings.ts';

/** The service of the reference package. Its argument is the file with the settings. */
await serve(readSettings(process.argv[2] ?? 'settings.json'));
