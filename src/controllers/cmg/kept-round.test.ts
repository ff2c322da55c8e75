import { describe, expect, it } from 'vitest';
import { contoso, observedOutputs } from '../../gateway/deployment.test-world.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { settingsIn } from '../../gateway/kept-gateway.ts';
import { scaleSet } from '../../gateway/resources/scale-set.ts';
import { settingsFile } from '../../gateway/setup-files.ts';
import type { JsonObject } from '../../json.ts';
import { createManualClock } from '../../runtime/manual-clock.ts';
import { keptWork, withRenewalBegun } from './kept-round.ts';
import { createGatewayMemories } from './memory.ts';
import type { Upkeep } from './scope.ts';
import type { Round } from './write-round.ts';

const { content, sha256 } = settingsFile(contoso);
const settings = settingsIn(content);
const RENEWED = 'e5'.repeat(32);
const clock = createManualClock(Date.UTC(2027, 0, 1));

/** A round of a gateway whose certificate is renewed in its Secret. */
function round(input: {
  readonly stored: 'SameVersion' | 'AnotherVersion';
  readonly isRead?: boolean;
  readonly rollout?: object;
  readonly upkeep?: Upkeep;
}): Round {
  const { stored, isRead = true, rollout, upkeep = 'KeepServing' } = input;
  const outputs = observedOutputs(contoso);
  const model = scaleSet(contoso).desired(outputs) ?? {};
  const certificate: JsonObject = {
    properties: { secretUriWithVersion: 'https://vault/secrets/server-certificate/2' },
  };
  const resources = new Map([
    ...outputs,
    ['scaleSet', model] as const,
    ...(stored === 'SameVersion' ? [] : [['certificate', certificate] as const]),
  ]);
  const memory = createGatewayMemories().of('uid', 1);
  const kept = isRead && settings !== undefined ? { sha256, settings } : undefined;
  memory.keptSettings = { sha256, kept, at: 0 };
  const deployment: GatewayDeployment = {
    ...contoso,
    certificate: { ...contoso.certificate, sha256Fingerprint: RENEWED },
  };
  const record = { id: 'd1', ...(rollout === undefined ? {} : { rollout }) };
  return { scope: { upkeep, memory, clock }, deployment, record, observed: { resources } } as unknown as Round;
}

describe('a gateway that is only kept up', () => {
  it('is to present the certificate that its VMs have, until another one is on its way to them', () => {
    expect(keptWork(round({ stored: 'SameVersion' }))).toEqual({
      renewed: undefined,
      isRecorded: false,
      presents: contoso.certificate.sha256Fingerprint,
      remarks: [],
    });
    expect(keptWork(round({ stored: 'AnotherVersion' }))).toMatchObject({
      renewed: { certificate: { sha256Fingerprint: RENEWED } },
      presents: contoso.certificate.sha256Fingerprint,
    });
  });

  it('gets nothing where it is not known what its VMs were told, which is said', () => {
    const work = keptWork(round({ stored: 'AnotherVersion', isRead: false }));
    expect(work).toMatchObject({ renewed: undefined, remarks: [expect.stringContaining('not brought to its VMs')] });
    expect(keptWork(round({ stored: 'SameVersion', isRead: false }))?.remarks).toEqual([]);
  });

  it('has it written down before a certificate is brought to its VMs', () => {
    const due = round({ stored: 'AnotherVersion' });
    const begun = withRenewalBegun(due.scope, due.record, keptWork(due));
    expect(begun.rollout).toEqual({ startedAt: '2027-01-01T00:00:00Z', brings: 'Certificate' });
    const recorded = round({ stored: 'AnotherVersion', rollout: begun.rollout ?? {} });
    expect(keptWork(recorded)?.isRecorded).toBe(true);
    expect(withRenewalBegun(recorded.scope, recorded.record, keptWork(recorded))).toBe(recorded.record);
  });

  it('is not taken further in a rollout that began for the spec of then', () => {
    const rollout = { startedAt: '2026-12-31T00:00:00Z' };
    const midway = round({ stored: 'SameVersion', rollout });
    expect(keptWork(midway)?.isRecorded).toBe(false);
    expect(withRenewalBegun(midway.scope, midway.record, keptWork(midway)).rollout).toEqual(rollout);
  });
});

it('is nothing special of a gateway that is made what the spec says', () => {
  expect(keptWork(round({ stored: 'AnotherVersion', upkeep: 'AsDeclared' }))).toBeUndefined();
});
