import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificateAuthority } from '../../../certificate-authority.ts';
import { type AzuriteProcess, startAzuriteProcess } from './azurite-process.ts';

/** Names the file that says where the Azurite is which all simulators of a test run share. */
export const AZURITE_VARIABLE = 'CMG_OPERATOR_TEST_AZURITE';

/** Where an Azurite is that somebody else ends. */
export interface SharedAzurite {
  readonly origin: string;
  /** What signed its certificate, in PEM. */
  readonly caPem: string;
}

/**
 * Starts an Azurite for all simulators of a test run, as its start costs more than all that one of them asks of it.
 *
 * @param folder gets a file that says where it is
 * @returns with the path of that file, for {@link AZURITE_VARIABLE}
 */
export async function startAzuriteOfRun(folder: string): Promise<Pick<AzuriteProcess, 'close'> & { path: string }> {
  const authority = await createCertificateAuthority('Azurite of a test run');
  const certificate = await authority.issue({ commonName: 'localhost', names: ['127.0.0.1'], key: 'ECDSA' });
  const { origin, close } = await startAzuriteProcess(certificate);
  const path = join(folder, 'azurite.json');
  const shared: SharedAzurite = { origin, caPem: authority.rootPem };
  writeFileSync(path, JSON.stringify(shared));
  return { path, close };
}

/** The Azurite of this test run; `undefined` where each simulator has its own. */
export function azuriteOfRun(): SharedAzurite | undefined {
  const path = process.env[AZURITE_VARIABLE];
  return path ? (JSON.parse(readFileSync(path, 'utf8')) as SharedAzurite) : undefined;
}

let simulators = 0;

/** Begins the names of the containers of a simulator that starts now, so that no two meet. */
export function containerPrefix(): string {
  simulators += 1;
  return `${process.pid}-${simulators}-`;
}
