import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

/**
 * What a program in a simulated VM has of the machine around it, where one in a real VM has Windows: README.md says which
 * environment variable stands for what.
 */

/**
 * The certificate of the store `LocalMachine\My` with this SHA-256, as PFX without a password.
 *
 * @throws Error with a sentence for people when there is none
 */
export function certificateInStore(sha256: string): Buffer {
  const path = join(variable('CERTIFICATE_STORE'), 'LocalMachine', 'My', `${sha256}.pfx`);
  if (existsSync(path)) return readFileSync(path);
  throw new Error(
    `The store LocalMachine\\My holds no certificate with the SHA-256 ${sha256}. Give the VM the certificate that the settings name.`,
  );
}

/** A program for Node that runs as long as the machine does. */
export interface Service {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Ports of the VM that it opens. */
  readonly ports: readonly number[];
}

/**
 * Installs a service, which starts now and with the machine, and waits until it has opened its ports.
 *
 * @throws Error that says why it does not run
 */
export function startService({ name, ...service }: Service): Promise<void> {
  return put(`services/${name}`, service);
}

/** Tells the machine at which port of 127.0.0.1 the service answers in place of a port of the VM. */
export function announcePort(port: number, localPort: number): Promise<void> {
  return put(`ports/${port}`, { localPort });
}

/** Azure's name of the machine's size. */
export function machineSize(): Promise<string> {
  return ask('GET', 'metadata/instance/compute/vmSize');
}

async function put(path: string, body: object): Promise<void> {
  await ask('PUT', path, JSON.stringify(body));
}

/** Node's `fetch` would take longer to load than all else that a setup does. */
function ask(method: 'GET' | 'PUT', path: string, body = ''): Promise<string> {
  const options = { method, agent: false as const, headers: { Metadata: 'true' } };
  return new Promise((resolve, reject) => {
    const sent = request(`${variable('MACHINE_ENDPOINT')}/${path}`, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        [200, 204].includes(response.statusCode ?? 0) ? resolve(text) : reject(new Error(text)),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`The environment variable ${name} is missing: is this a simulated VM?`);
  return value;
}
