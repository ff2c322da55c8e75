import { expect, it } from 'vitest';
import type { ConditionType, Reason } from '../../../src/api/v1alpha1/conditions.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import type { Manifest } from '../../world/gateway-manifests.ts';
import { type GatewayManifests, type GatewayTest, PATIENCE_MS, type Suite } from './suite.ts';

/** One mistake or fault: how it comes about, what the CMG says, and what mends it. */
export interface BadInput {
  readonly what: string;
  /** Changes the world or the manifests before they are applied. */
  readonly prepare: (test: GatewayTest, manifests: GatewayManifests) => Promise<Partial<Applied>> | Partial<Applied>;
  readonly type: ConditionType;
  readonly reason: Reason;
  /** What the message must tell: what is wrong, and what to do. */
  readonly says: RegExp;
  /** Whether a person has to act. */
  readonly stalled: boolean;
  /** Whether something may have been made before the mistake showed; else Azure is as it was before. */
  readonly leaves?: boolean;
  readonly mend: (test: GatewayTest, manifests: GatewayManifests) => Promise<unknown> | unknown;
}

interface Applied {
  readonly certificate: Manifest | undefined;
  readonly credentials: Manifest | undefined;
  readonly cmg: Manifest;
}

/** One test for each mistake: what it says, that it makes nothing, and that mending the cause is enough. */
export function testBadInput(suite: Suite, rows: readonly BadInput[]): void {
  it.each(rows)('$what: $reason, and it recovers', async (row) => {
    const test = await suite.begin();
    const manifests = await test.manifests();
    const applied = { ...manifests, ...(await row.prepare(test, manifests)) };
    const before = test.resources();
    await test.apply(applied.certificate, applied.credentials, applied.cmg);

    const condition = await test.untilReason(row.type, row.reason);
    expect(condition.status).not.toBe('True');
    expect(condition.message).toMatch(row.says);
    const { status } = await test.cmg();
    expect(findCondition(status?.conditions, 'Ready')?.reason).toBe(row.reason);
    expect(findCondition(status?.conditions, 'Stalled')?.status).toBe(row.stalled ? 'True' : undefined);
    expect(findCondition(status?.conditions, 'Reconciling')?.status).toBe(row.stalled ? undefined : 'True');
    await expect
      .poll(async () => (await test.events()).filter(({ reason }) => reason === row.reason), { timeout: PATIENCE_MS })
      .toContainEqual(expect.objectContaining({ type: 'Warning', note: expect.stringMatching(row.says) }));
    if (row.leaves !== true) {
      expect(test.resources()).toEqual(before);
    }

    await row.mend(test, manifests);
    await test.untilReady();
    expect(test.resources('Microsoft.Compute/virtualMachineScaleSets')).toHaveLength(1);
  });
}
