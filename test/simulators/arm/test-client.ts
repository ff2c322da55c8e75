import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ClientSecretCredential } from '@azure/identity';
import { Agent, request } from 'undici';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import type { ArmSimulator } from './simulator.ts';

/** An answer as it came over the wire; names of headers in lower case. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** A plain HTTPS client of one simulator, for tests that look at what is on the wire. */
export interface TestClient extends AsyncDisposable {
  /** `path` may be a whole URL; without `api-version`, the newest of the core is added. */
  send(method: string, path: string, body?: JsonValue, headers?: Readonly<Record<string, string>>): Promise<WireAnswer>;
  /** A PUT that must be accepted; resolves when a GET shows a final state. */
  create(path: string, body: JsonObject): Promise<JsonObject>;
  credential: ClientSecretCredential;
}

/** Makes this process trust the simulator, as `NODE_EXTRA_CA_CERTS` would. */
export function trust(simulator: ArmSimulator): void {
  setDefaultCACertificates([...getCACertificates('default'), simulator.caPem]);
}

/** A credential that asks the simulator alone. */
export function secretCredential(
  simulator: ArmSimulator,
  secret = simulator.clientSecret,
  clientId = simulator.clientId,
) {
  return new ClientSecretCredential(simulator.tenantId, clientId, secret, {
    authorityHost: simulator.url,
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 0 },
  });
}

/** A client that signs in with the simulator's own application. */
export function createTestClient(
  simulator: ArmSimulator,
  credential = secretCredential(simulator),
  audience = 'https://management.azure.com',
): TestClient {
  trust(simulator);
  const agent = new Agent({ connect: { ca: simulator.caPem } });
  const send: TestClient['send'] = async (method, path, body, headers = {}) => {
    const url = new URL(path.startsWith('https:') ? path : `${simulator.url}${path}`);
    if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', '2025-04-01');
    const token = await credential.getToken(`${audience}/.default`);
    const answer = await request(url, {
      method: method as 'GET',
      dispatcher: agent,
      headers: { authorization: `Bearer ${token.token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    const parsed: unknown = text === '' ? {} : JSON.parse(text);
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
      body: isJsonObject(parsed) ? parsed : {},
    };
  };
  return {
    send,
    credential,
    create: async (path, body) => {
      const answer = await send('PUT', path, body);
      if (answer.status >= 300) throw new Error(`PUT ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      for (;;) {
        const shown = await send('GET', path);
        const state = isJsonObject(shown.body.properties) ? shown.body.properties.provisioningState : undefined;
        if (shown.status === 200 && (state === undefined || state === 'Succeeded')) return shown.body;
        if (state === 'Failed') throw new Error(`${path} failed`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    [Symbol.asyncDispose]: () => agent.close(),
  };
}

/** The code of an error answer. */
export function codeOf({ body }: WireAnswer): string | undefined {
  const code = isJsonObject(body.error) ? body.error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
