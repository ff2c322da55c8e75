import { beforeEach, describe, expect, it, test } from 'vitest';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { ServiceRecord } from '../../site/site.ts';
import {
  type MemorySite,
  memorySite,
  reachedSite,
  SERVICE_NAME,
  START,
  serviceRecord,
  servingCmg,
} from '../site/site.test-world.ts';
import { followOnSite, type OnSiteInput } from './on-site.ts';
import { presenceWithSite } from './redeployment/look-at-others.ts';
import type { Report } from './report.ts';

let live: MemorySite;
beforeEach(() => {
  live = memorySite();
  live.records = [serviceRecord(SERVICE_NAME)];
});

/** A CMG that the operator manages, and whose gateway the site made. */
function cmgOfOthers(change: Partial<CMG['spec']> = {}, steps: NonNullable<CMG['status']>['manualSteps'] = []): CMG {
  const cmg = servingCmg();
  const deployments = cmg.status?.deployments?.map((each) => ({
    ...each,
    identity: { ...each.identity, provisioner: 'Site' as const, deploymentModel: 'CloudServiceClassic' as const },
  }));
  return {
    ...cmg,
    spec: { ...cmg.spec, ...change },
    status: { ...cmg.status, manualSteps: steps, ...(deployments === undefined ? {} : { deployments }) },
  };
}

const inputFor = (cmg: CMG): OnSiteInput => ({
  cmg,
  now: START,
  signal: new AbortController().signal,
  site: {
    siteOf: () => ({ kind: 'Usable', object: reachedSite(), site: live }),
    siteObjectOf: () => reachedSite(),
    siteObjectsBeside: () => [],
    connectionPointsOf: () => [],
    boundaryGroupReferencesOf: () => [],
  },
});

const STEP = { operation: 'UnregisterService', instruction: 'Delete it.', cmdlet: 'Remove-CMCloudManagementGateway' };

function follow(cmg: CMG, change: Partial<Report> = {}): Promise<Report> {
  const [deployment] = cmg.status?.deployments ?? [];
  return followOnSite(inputFor(cmg), {
    findings: [],
    happenings: [],
    certificateThumbprint: 'A'.repeat(40),
    ...(deployment === undefined ? {} : { deployment }),
    againAfterMs: 600_000,
    ...change,
  });
}

const classic: ServiceRecord = { ...serviceRecord(SERVICE_NAME), deploymentName: 'granitefalls.cloudapp.net' };
const registered = ({ findings }: Report) => findings.find(({ type }) => type === 'SiteRegistered');

describe('the site’s record of a gateway that the site made', () => {
  it('is none of the operator’s to make', async () => {
    live.records = [];
    const report = await follow(cmgOfOthers());
    expect(registered(report)).toMatchObject({ status: 'False', reason: 'NotRegisteredOnSite' });
    expect(live.writes).toEqual([]);
  });

  it('is in order when it says that it is a classic one, and it is', async () => {
    live.records = [classic];
    const report = await follow(cmgOfOthers());
    expect(registered(report)).toMatchObject({ status: 'True', reason: 'Succeeded' });
    // It goes when its redeployment says so.
    expect(report.site?.manualSteps).toEqual([]);
  });
});

describe('the step by which a person deletes it', () => {
  it('comes first', async () => {
    live.records = [];
    live.manual.add('RegisterService');
    const cmg = servingCmg();
    const report = await follow(cmg, { steps: [STEP] });
    expect(report.site?.manualSteps?.map(({ operation }) => operation)).toEqual([
      'UnregisterService',
      'RegisterService',
      'CheckEntraIntegration',
    ]);
  });

  const other = { operation: 'RegisterService', instruction: 'Make it.' };
  const provisioning = { ...servingCmg().status?.deployments?.[0], phase: 'Provisioning' } as Report['deployment'];

  it('is told and taken back also while nothing else of the site is looked at', async () => {
    const being = provisioning === undefined ? {} : { deployment: provisioning };
    const told = await follow(cmgOfOthers({}, [other]), { ...being, steps: [STEP] });
    expect(told.site?.manualSteps).toEqual([STEP, other]);
    const over = await follow(cmgOfOthers({}, [STEP, other]), being);
    expect(over.site?.manualSteps).toEqual([other]);
    expect((await follow(cmgOfOthers({}, [other]), being)).site).not.toHaveProperty('manualSteps');
  });
});

describe('whether a gateway that the site made is gone', () => {
  const ready = [serviceRecord(SERVICE_NAME)];
  const deleting: readonly ServiceRecord[] = [{ ...serviceRecord(SERVICE_NAME), state: { kind: 'Deleting' } }];
  test.each([
    ['Azure and the site know nothing of it', 'Absent', [], 'Absent', 'No'],
    ['the site still has its record', 'Absent', ready, 'Partial', 'Yes'],
    ['the site is deleting it', 'Absent', deleting, 'Partial', 'No'],
    ['the site does not answer', 'Absent', undefined, 'Partial', 'Unknown'],
    ['the site is deleting it, and it is there', 'Whole', deleting, 'Partial', 'No'],
    ['the site has its record', 'Whole', ready, 'Whole', 'Yes'],
    ['the site does not answer, and it is there', 'Whole', undefined, 'Whole', 'Unknown'],
    ['Azure does not answer', 'Unknown', [], 'Unknown', 'No'],
  ] as const)('when %s', (_what, azure, records, expected, siteRecord) => {
    expect(presenceWithSite(azure, SERVICE_NAME, true, records)).toEqual({ azure: expected, siteRecord });
  });

  test('without a site, Azure alone tells', () => {
    expect(presenceWithSite('Absent', SERVICE_NAME, false, undefined).azure).toBe('Absent');
  });
});
