import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SimulatedDns, startSimulatedDns } from '../../test/simulators/dns/simulated-dns.ts';
import { createResolveName, type ResolveName } from './resolve-name.ts';

let dns: SimulatedDns;
let resolveName: ResolveName;

beforeAll(async () => {
  dns = await startSimulatedDns({ control: { addressOf: () => undefined } as never });
  resolveName = createResolveName([dns.address]);
});
afterAll(() => dns?.close());

const lookUp = (name: string) => resolveName(name, new AbortController().signal);

it('follows aliases to the addresses', async () => {
  dns.alias('cmg.contoso.com', 'cmg.westeurope.cloudapp.azure.com');
  dns.set('cmg.westeurope.cloudapp.azure.com', { type: 'A', data: '192.0.2.7' });
  expect(await lookUp('cmg.contoso.com')).toEqual({ kind: 'Addresses', addresses: ['192.0.2.7'] });
});

it('tells a name that does not exist from one of which nothing is known', async () => {
  dns.fail('broken.contoso.com');
  expect(await lookUp('nowhere.contoso.com')).toEqual({ kind: 'NoAddress' });
  expect(await lookUp('broken.contoso.com')).toEqual({ kind: 'Unknown' });
});

it('rejects when it is called off', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(resolveName('cmg.contoso.com', signal)).rejects.toThrow('enough');
});
