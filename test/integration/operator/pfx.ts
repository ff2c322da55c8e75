import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A PKCS#12 file as OpenSSL makes it. */
export async function pfxOf(chainPem: string, keyPem: string, password: string): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'cmg-operator-pfx-'));
  try {
    await writeFile(join(directory, 'chain.pem'), chainPem);
    await writeFile(join(directory, 'key.pem'), keyPem);
    const { stdout } = await promisify(execFile)(
      'openssl',
      ['pkcs12', '-export', '-in', 'chain.pem', '-inkey', 'key.pem', '-passout', `pass:${password}`],
      { cwd: directory, encoding: 'buffer' },
    );
    return stdout;
  } finally {
    await rm(directory, { recursive: true });
  }
}
