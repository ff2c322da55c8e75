import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CMG, CMGSpec } from '../../src/api/v1alpha1/cmg.generated.ts';
import { findCondition } from '../../src/runtime/conditions.ts';
import { startLives } from '../faults/life-options.ts';
import { createFaultStage, type FaultStage, GATEWAY } from '../faults/stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let lives: Awaited<ReturnType<typeof startLives>>;
let stage: FaultStage;
beforeAll(async () => {
  const started = await startLives();
  lives = { ...started, certificate: await started.world.authority.issue({ commonName: '*.contoso.com' }) };
}, 60_000);
afterAll(() => lives?.close());
beforeEach(() => {
  lives.world.azure.control.reset();
  lives.world.azure.control.settings.durationFactor = 0.05;
  stage = createFaultStage(lives);
  return () => stage.operator.kill();
});

function cmg(): CMG {
  const found = stage.cmg();
  if (found === undefined) throw new Error('The CMG is gone.');
  return found;
}

const deployments = () => cmg().status?.deployments ?? [];
const phases = () => deployments().map(({ serviceName, phase }) => `${serviceName.split('.')[0]} ${phase}`);
const reason = (type: string) => findCondition(cmg().status?.conditions, type)?.reason;

/** Names of the scale sets that exist in Azure: which gateways there are. */
const gateways = () =>
  lives.world.azure.control
    .state()
    .filter(({ type }) => /virtualMachineScaleSets$/i.test(String(type)))
    .map(({ name }) => String(name))
    .toSorted();

const timeOnly = (spec: CMGSpec): CMGSpec => ({
  ...spec,
  redeployment: { ...spec.redeployment, evidence: 'TimeOnly' },
});
const renamed = (spec: CMGSpec): CMGSpec => ({ ...spec, serviceName: 'fabrikam.contoso.com' });

async function ready(): Promise<void> {
  stage.apply(GATEWAY, timeOnly);
  await stage.runUntil(stage.isSettled);
}

describe('a new service name, without a site', () => {
  it('is built beside the gateway that serves, which goes a day later', async () => {
    await ready();
    expect(gateways()).toEqual(['contoso']);
    stage.apply(GATEWAY, renamed);
    await stage.runUntil(() => gateways().length === 2);
    expect(reason('Redeploying')).toBe('BuildingReplacement');
    expect(reason('Ready')).not.toBe('Succeeded');
    await stage.runUntil(() => phases().includes('contoso Superseded'), 2 * HOUR);
    expect(phases()).toEqual(['contoso Superseded', 'fabrikam Active']);
    expect(cmg().status?.redeployment).toMatchObject({
      fields: ['spec.serviceName (contoso.contoso.com → fabrikam.contoso.com)'],
      from: 'contoso.contoso.com',
      to: 'fabrikam.contoso.com',
      rollback: 'Free',
    });
    const begun = lives.clock.now();
    await stage.operator.runFor(23.5 * HOUR);
    expect(gateways()).toEqual(['contoso', 'fabrikam']);
    expect(reason('Ready')).toBe('Succeeded');
    await stage.runUntil(() => gateways().length === 1, 2 * HOUR);
    expect(gateways()).toEqual(['fabrikam']);
    expect(lives.clock.now() - begun).toBeGreaterThan(DAY - 15 * MINUTE);
    await stage.runUntil(() => deployments().length === 1, HOUR);
    expect(cmg().status?.redeployment).toBeUndefined();
    expect(reason('Redeploying')).toBeUndefined();
    expect(cmg().status?.activeDeployment).toBe(deployments()[0]?.id);
    await stage.runUntil(stage.isSettled);
  });
});
