import { describe, expect, it } from 'vitest';
import { DAY, HOUR, type Lives, MINUTE, named, type RedeploymentStage, timeOnly } from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
beginEachWithStage((...begun) => {
  [stage, lives] = begun;
});

/** Names of the scale sets that exist in Azure: which gateways there are. */
const gateways = () => stage.gateways().map((each) => each.split(' ')[0]);

describe('a new service name, without a site', () => {
  it('is built beside the gateway that serves, which goes a day later', async () => {
    await stage.ready(timeOnly);
    expect(gateways()).toEqual(['contoso']);
    stage.change(named('fabrikam.contoso.com'));
    await stage.runUntil(() => gateways().length === 2);
    expect(stage.reason('Redeploying')).toBe('BuildingReplacement');
    expect(stage.reason('Ready')).not.toBe('Succeeded');
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    expect(stage.phases()).toEqual(['contoso Superseded', 'fabrikam Active']);
    expect(stage.cmg()?.status?.redeployment).toMatchObject({
      fields: ['spec.serviceName (contoso.contoso.com → fabrikam.contoso.com)'],
      from: 'contoso.contoso.com',
      to: 'fabrikam.contoso.com',
      rollback: 'Free',
    });
    const begun = lives.clock.now();
    await stage.operator.runFor(23.5 * HOUR);
    expect(gateways()).toEqual(['contoso', 'fabrikam']);
    expect(stage.reason('Ready')).toBe('Succeeded');
    await stage.runUntil(() => gateways().length === 1, 2 * HOUR);
    expect(gateways()).toEqual(['fabrikam']);
    expect(lives.clock.now() - begun).toBeGreaterThan(DAY - 15 * MINUTE);
    await stage.runUntil(() => stage.deployments().length === 1, HOUR);
    expect(stage.cmg()?.status?.redeployment).toBeUndefined();
    expect(stage.reason('Redeploying')).toBeUndefined();
    expect(stage.cmg()?.status?.activeDeployment).toBe(stage.deployments()[0]?.id);
    await stage.runUntil(stage.isSettled);
  });
});
