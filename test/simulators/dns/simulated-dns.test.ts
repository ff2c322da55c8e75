import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import * as dns from 'dns-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArmSimulator, startArmSimulator } from '../arm/simulator.ts';
import { type SimulatedDns, startSimulatedDns } from './simulated-dns.ts';

describe('the simulated DNS', () => {
  let azure: ArmSimulator;
  let names: SimulatedDns;
  const resolver = new Resolver({ timeout: 5000, tries: 1 });

  beforeAll(async () => {
    azure = await startArmSimulator({ blobs: false });
    azure.control.settings.durationFactor = 0;
    names = await startSimulatedDns(azure);
    resolver.setServers([names.address]);
  });
  afterAll(async () => {
    await names.close();
    await azure.close();
  });

  const group = () => `/subscriptions/${azure.subscriptionId}/resourceGroups/dns`;
  const address = () => `${group()}/providers/Microsoft.Network/publicIPAddresses/contoso`;
  const DEPLOYMENT = 'contoso.westeurope.cloudapp.azure.com';

  function makeAddress(): string {
    azure.control.call('PUT', `${group()}?api-version=2025-04-01`, { location: 'westeurope' });
    azure.control.call('PUT', `${address()}?api-version=2025-03-01`, {
      location: 'westeurope',
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static', dnsSettings: { domainNameLabel: 'contoso' } },
    });
    return azure.control.addressOf(DEPLOYMENT) ?? '';
  }

  it('knows the name of a deployment from the moment its address is there until it is gone', async () => {
    await expect(resolver.resolve4(DEPLOYMENT)).rejects.toMatchObject({ code: 'ENOTFOUND' });
    const ip = makeAddress();
    expect(ip).toMatch(/^20\./);
    expect(await resolver.resolve4(DEPLOYMENT)).toEqual([ip]);
    expect(await resolver.resolve4('CONTOSO.WestEurope.cloudapp.azure.com')).toEqual([ip]);
    azure.control.remove(address());
    await expect(resolver.resolve4(DEPLOYMENT)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('follows the alias that a service name is', async () => {
    const ip = makeAddress();
    names.alias('GraniteFalls.contoso.com', DEPLOYMENT);
    expect(await resolver.resolveCname('granitefalls.contoso.com')).toEqual([DEPLOYMENT]);
    expect(await resolver.resolve4('granitefalls.contoso.com')).toEqual([ip]);
    names.alias('granitefalls.contoso.com', 'nobody.westeurope.cloudapp.azure.com');
    await expect(resolver.resolve4('granitefalls.contoso.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    names.remove('granitefalls.contoso.com');
    await expect(resolver.resolveCname('granitefalls.contoso.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('tells a name without such a record from one that does not exist', async () => {
    names.set('www.contoso.com', { type: 'A', data: '192.0.2.1' });
    await expect(resolver.resolveCname('www.contoso.com')).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolver.resolve6('www.contoso.com')).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolver.resolve4('nowhere.contoso.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('fails on demand, and for aliases in a circle', async () => {
    names.fail('broken.contoso.com');
    await expect(resolver.resolve4('broken.contoso.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    names.set('broken.contoso.com', { type: 'A', data: '192.0.2.2' });
    expect(await resolver.resolve4('broken.contoso.com')).toEqual(['192.0.2.2']);
    names.alias('left.contoso.com', 'right.contoso.com');
    names.alias('right.contoso.com', 'left.contoso.com');
    await expect(resolver.resolve4('left.contoso.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  it('sends clients to TCP with what is too long for UDP', async () => {
    const long = Array.from({ length: 20 }, (_, part) => `${part}`.padEnd(200, 'x'));
    names.set('long.contoso.com', { type: 'TXT', data: long });
    expect(await resolver.resolveTxt('long.contoso.com')).toEqual([long]);
  });

  it('answers two questions on one TCP connection, however they arrive', async () => {
    names.set('one.contoso.com', { type: 'A', data: '192.0.2.11' });
    names.set('two.contoso.com', { type: 'A', data: '192.0.2.12' });
    const ask = (id: number, name: string) =>
      dns.streamEncode({ type: 'query', id, flags: dns.RECURSION_DESIRED, questions: [{ type: 'A', name }] });
    const socket = connect(names.port, '127.0.0.1');
    const bytes = Buffer.concat([ask(1, 'one.contoso.com'), ask(2, 'two.contoso.com')]);
    socket.write(bytes.subarray(0, 10));
    socket.write(bytes.subarray(10));
    let received = Buffer.alloc(0);
    const answers: unknown[] = [];
    for await (const part of socket) {
      received = Buffer.concat([received, part as Buffer]);
      for (; received.length >= 2 && received.length >= 2 + received.readUInt16BE(0); ) {
        const end = 2 + received.readUInt16BE(0);
        const { id, answers: records = [] } = dns.decode(received.subarray(2, end));
        answers.push([id, ...records.map((record) => 'data' in record && record.data)]);
        received = received.subarray(end);
      }
      if (answers.length === 2) break;
    }
    expect(answers).toEqual([
      [1, '192.0.2.11'],
      [2, '192.0.2.12'],
    ]);
  });
});
