import { once } from 'node:events';
import { Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { JsonValue } from '../../../../src/json.ts';
import { createManualClock } from '../../../../src/runtime/manual-clock.ts';
import { versionFor } from '../providers/in-process-azure.ts';
import * as sample from '../providers/sample-bodies.ts';
import { startArmSimulator } from '../simulator.ts';
import { secretCredential, trust } from '../test-client.ts';
import type { StageAnswer } from './differences.ts';
import type { Stage, StageRequest } from './replay.ts';

/** A stage behind TLS, on which one row after the other is played. */
export interface WireStage extends Stage, AsyncDisposable {
  /** Empties Azure for the next row. */
  renew(): Promise<void>;
  /** What is wrong with an answer whatever was asked: a header that came twice, or one that is missing. */
  readonly complaints: readonly string[];
}

/** Headers that every answer of Azure Resource Manager has. */
const ALWAYS = [
  'cache-control',
  'date',
  'pragma',
  'strict-transport-security',
  'x-content-type-options',
  'x-ms-correlation-request-id',
  'x-ms-request-id',
  'x-ms-routing-request-id',
];

/** Starts a simulator for rows. Ids of the sample bodies are exchanged for those of the simulator on their way. */
export async function startWireStage(): Promise<WireStage> {
  const clock = createManualClock(Date.UTC(2026, 10, 1));
  const simulator = await startArmSimulator({ clock, blobs: false });
  const { control } = simulator;
  trust(simulator);
  const credential = secretCredential(simulator);
  const agent = new Agent({ ca: simulator.caPem, keepAlive: true });
  const complaints: string[] = [];
  const outward = exchange({ [sample.SUBSCRIPTION]: simulator.subscriptionId, [sample.TENANT]: simulator.tenantId });
  const inward = exchange({ [simulator.subscriptionId]: sample.SUBSCRIPTION, [simulator.tenantId]: sample.TENANT });

  const send = async (asked: StageRequest): Promise<StageAnswer> => {
    const url = new URL(outward(asked.path), simulator.url);
    if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', versionFor(url.pathname));
    const token = await credential.getToken('https://management.azure.com/.default');
    const authorization = { None: {}, Nonsense: { authorization: 'Bearer nonsense' }, Own: bearer(token.token) };
    const { status, headers, body } = await exchangeOverTls(
      url,
      {
        method: asked.method,
        agent,
        headers: {
          'content-type': 'application/json',
          ...authorization[asked.authorization ?? 'Own'],
          ...asked.headers,
        },
      },
      asked.body === undefined ? undefined : outward(JSON.stringify(asked.body)),
    );
    complaints.push(...complaintsAbout(`${asked.method} ${asked.path}`, headers));
    return {
      status,
      headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), inward(value)])),
      body: body === '' ? undefined : (JSON.parse(inward(body)) as JsonValue),
    };
  };

  return {
    send,
    complaints,
    advance: async (seconds) => {
      await clock.advance(seconds * 1000);
    },
    arrange: (condition) => {
      switch (condition.kind) {
        case 'NotRegistered':
          control.setRegistration(condition.namespace, 'NotRegistered');
          return;
        case 'ForeignName':
          control.takeName(condition.name);
          return;
        case 'Throttling':
          control.settings.throttling = true;
          return;
        case 'Quota':
          control.settings.quotas.set(condition.name.toLowerCase(), condition.limit);
          return;
        case 'Deny':
          control.deny(condition.actions);
          return;
        case 'Fault':
          control.faults.add(condition.rule);
          return;
        default:
          condition satisfies never;
      }
    },
    renew: async () => {
      control.reset();
      const { status } = await send({ method: 'PUT', path: sample.GROUP, body: { location: 'westeurope' } });
      if (status !== 201) throw new Error(`The resource group of the rows: ${status}`);
      // Until the buckets of requests are full again.
      await clock.advance(60_000);
    },
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      await simulator.close();
    },
  };
}

function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}

function exchange(pairs: Readonly<Record<string, string>>): (text: string) => string {
  return (text) => Object.entries(pairs).reduce((result, [from, to]) => result.replaceAll(from, to), text);
}

type RawHeaders = readonly (readonly [string, string])[];

async function exchangeOverTls(url: URL, options: RequestOptions, body: string | undefined) {
  const outgoing = request(url, options).end(body);
  const [incoming] = await once(outgoing, 'response');
  const raw = incoming.rawHeaders as readonly string[];
  const headers: RawHeaders = raw.flatMap((name, index) =>
    index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : [],
  );
  return { status: incoming.statusCode as number, headers, body: await text(incoming) };
}

function complaintsAbout(request: string, headers: RawHeaders): string[] {
  const names = headers.map(([name]) => name.toLowerCase());
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  const missing = ALWAYS.filter((name) => !names.includes(name));
  return [
    ...twice.map((name) => `${request}: ${name} came twice`),
    ...missing.map((name) => `${request}: ${name} is missing`),
  ];
}
