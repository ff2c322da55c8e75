import { describe, expect, it } from 'vitest';
import type { CMG } from '../../src/api/v1alpha1/cmg.generated.ts';
import { logRequests } from '../faults/request-log.ts';
import { type Change, DAY, HOUR, type Lives, MINUTE, named, type RedeploymentStage, timeOnly } from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
beginEachWithStage((...begun) => {
  [stage, lives] = begun;
});

const suspended =
  (suspend: boolean): Change =>
  (spec) => ({ ...spec, suspend });

/** Two gateways, of which the older one waits for its clients to go. */
async function superseded(...changes: readonly Change[]): Promise<void> {
  await stage.ready(...changes);
  stage.change(named('fabrikam.contoso.com'));
  await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
}

async function goneAfter(): Promise<number> {
  const begun = lives.clock.now();
  await stage.letPass(DAY - 55 * MINUTE);
  expect(stage.gateways()).toHaveLength(2);
  await stage.runUntil(() => stage.gateways().length === 1, 3 * HOUR);
  return lives.clock.now() - begun;
}

describe('the wait for clients', () => {
  it('counts nothing of a day in which the CMG was suspended', async () => {
    await superseded(timeOnly);
    await stage.letPass(12 * HOUR);
    stage.change(suspended(true));
    await lives.clock.advance(DAY);
    await stage.operator.runFor(0);
    stage.change(suspended(false));
    expect(await goneAfter()).toBeGreaterThanOrEqual(DAY);
  });

  it('counts nothing of a suspension that nobody has seen begin', async () => {
    await superseded(timeOnly);
    await stage.letPass(12 * HOUR);
    stage.change(suspended(true));
    stage.change(suspended(false));
    expect(await goneAfter()).toBeGreaterThanOrEqual(DAY);
  });

  it('begins anew after two hours in which no operator was there', async () => {
    await superseded(timeOnly);
    await stage.letPass(20 * HOUR);
    stage.operator.kill();
    await lives.clock.advance(2 * HOUR);
    stage.restart();
    expect(await goneAfter()).toBeGreaterThanOrEqual(DAY);
  });

  it('goes on where it was when an operator is started in the place of another', async () => {
    await superseded(timeOnly);
    const begun = lives.clock.now();
    for (const _ of [1, 2, 3]) {
      await stage.letPass(7 * HOUR);
      stage.restart();
    }
    await stage.runUntil(() => stage.gateways().length === 1, 5 * HOUR);
    expect(lives.clock.now() - begun).toBeLessThan(DAY + 10 * MINUTE);
    expect(lives.clock.now() - begun).toBeGreaterThan(DAY - 5 * MINUTE);
  });

  it('is not over without a site, where clients are to be counted, until a person says so', async () => {
    await superseded();
    const id = stage.idOf('contoso.contoso.com');
    // Before the wait a consent is of no use.
    await stage.consent('retire', id);
    await stage.letPass(12 * HOUR);
    expect(stage.phases()).toEqual(['contoso Superseded', 'fabrikam Active']);
    stage.annotate({});
    await stage.letPass(2 * DAY);
    expect(stage.phases()).toEqual(['contoso Superseded', 'fabrikam Active']);
    expect(stage.writes('DELETE')).toEqual([]);
    expect(stage.reason('Redeploying')).toBe('NoClientEvidence');
    expect(stage.message('Redeploying')).toContain(
      `kubectl annotate --namespace gateways cmg contoso configmgr.io/confirm-retire=${id}`,
    );
    await stage.consent('retire', id);
    await stage.runUntil(() => stage.deployments().length === 1, HOUR);
    expect(stage.gateways()).toEqual(['fabrikam westeurope']);
  });

  it('writes that both were seen every ten minutes, and nothing else', async () => {
    await superseded();
    await stage.operator.runFor(HOUR);
    const { control } = lives.world.azure;
    const shown = [JSON.stringify(withoutSightings(stage.cmg()))];
    const others: unknown[] = [];
    const forget = stage.kubernetes.observe((_before, after) => {
      if (after?.kind === 'CMG') shown.push(JSON.stringify(withoutSightings(after as CMG)));
      else others.push(after);
    });
    const accepted = control.writes.length;
    const log = logRequests(control.faults, () => lives.clock.now());
    await stage.operator.runFor(2 * HOUR);
    log.end();
    forget();
    expect(log.writes).toEqual([]);
    expect(control.writes).toHaveLength(accepted);
    expect(others).toEqual([]);
    expect(new Set(shown).size).toBe(1);
    expect(shown.length - 1).toBeLessThanOrEqual(12);
    expect(shown.length - 1).toBeGreaterThanOrEqual(8);
  });
});

/** A CMG without its version, and without the moments at which its gateways were last seen in reach of clients. */
function withoutSightings(cmg: CMG | undefined) {
  const { resourceVersion: _version, ...metadata } = cmg?.metadata ?? {};
  const deployments = cmg?.status?.deployments?.map(({ advertised, ...each }) => ({
    ...each,
    since: advertised?.since,
  }));
  return { metadata, spec: cmg?.spec, status: { ...cmg?.status, deployments } };
}
