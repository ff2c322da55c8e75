import { describe, expect, test } from 'vitest';
import type { CMG, CMGSpec } from '../../api/v1alpha1/cmg.generated.ts';
import { cmg, deployment, follows, SPEC } from './cmg.test-world.ts';
import { type CmgPlan, extentOf, jsonOf, textOf } from './report.ts';
import type { KnownPoints } from './situation.ts';

const PLAIN = { bold: (text: string) => text, warning: (text: string) => text };
const NAMED_ANEW: CMGSpec = { ...SPEC, serviceName: 'lakeside.contoso.com', vm: { ...SPEC.vm, instances: 3 } };
const THIRD: CMGSpec = { ...SPEC, serviceName: 'ridgeway.contoso.com' };
const ELSEWHERE: CMGSpec = { ...SPEC, azure: { ...SPEC.azure, region: 'northeurope' } };

const first = deployment(SPEC, { id: 'first' });
const second = deployment(NAMED_ANEW, { id: 'second', wantedOrder: 2 });
const LIVE = cmg(SPEC, [first]);
const REPLACING = cmg(NAMED_ANEW, [{ ...first, phase: 'Superseded' }, second]);

const planned = (live: CMG, spec: CMGSpec, points?: KnownPoints): CmgPlan => ({
  namespace: 'default',
  name: 'granitefalls',
  kind: 'Planned',
  ...follows(live, spec, points),
});
const REFUSED: CmgPlan = { namespace: 'default', name: 'other', kind: 'Refused', messages: ['spec.vm: no'] };
const textFor = (live: CMG, spec: CMGSpec, points?: KnownPoints) => textOf([planned(live, spec, points)], PLAIN);

describe('for people', () => {
  test('a gateway that the site is asked for, and changes of it', () => {
    const bySite: CMGSpec = { ...NAMED_ANEW, provisioner: 'Site', vm: SPEC.vm };
    expect(textFor(LIVE, bySite)).toContain(
      '- lakeside.contoso.com is made by the site, beside granitefalls.contoso.com (first): a person runs the line that status.manualSteps then has, in a PowerShell of the site. Both serve until clients know the new one.',
    );
    expect(textFor(LIVE, { ...SPEC, provisioner: 'Site' })).toContain(
      '- Its clients have no gateway from then on until the new one serves. The site makes that: a person runs the line',
    );
    const made = cmg(bySite, [deployment(bySite, { id: 'first' })]);
    expect(textFor(made, { ...bySite, vm: NAMED_ANEW.vm })).toContain(
      '- The site made the gateway, and the operator does not change it: for VMs and certificate status.manualSteps has the line',
    );
    expect(textFor(cmg(bySite), bySite)).toContain('nothing changes');
    expect(textFor(cmg(SPEC), bySite)).toContain('lakeside.contoso.com is made by the site: a person runs the line');
  });

  test('a gateway side by side', () => {
    expect(textFor(LIVE, NAMED_ANEW)).toMatchInlineSnapshot(`
      "cmg default/granitefalls: another gateway takes its place, side by side

        redeploy  spec.serviceName   granitefalls.contoso.com → lakeside.contoso.com
        in place  spec.vm.instances  2 → 3

        - lakeside.contoso.com is built beside granitefalls.contoso.com (first) once everything that it needs is in order: certificate, quota, names. Both serve until clients know the new one.
        - It needs a connection point of its own, and one is free.
        - granitefalls.contoso.com goes at the earliest when lakeside.contoso.com has been in reach of every client for 36h without a break.
        - After that, 95 in a hundred clients have to be seen to know lakeside.contoso.com. Where that has not come about 720h after the same moment, a person has to decide.
        - It also waits until lakeside.contoso.com holds the packages and applications that the old gateway holds.
        - What is changed in place counts for the new gateway; the old one stays as it is.
        - Until its deletion begins, a Git revert takes all of it back.
      "
    `);
  });

  test('a gateway whose names are taken', () => {
    expect(textFor(LIVE, ELSEWHERE)).toMatchInlineSnapshot(`
      "cmg default/granitefalls: another gateway takes its place, and the old one is deleted first

        redeploy  spec.azure.region  westeurope → northeurope

        - granitefalls.contoso.com (first) has to be deleted before the new gateway is built. Both have the names that the first label "granitefalls" gives to the key vault, the storage account and the DNS label, and Azure gives a name to one gateway only.
        - Its clients have no gateway from then on until the new one serves, some 15 minutes or more.
        - Nothing is deleted before another CMG of the Site can carry its clients, or a person consents to the outage.
        - The line to consent, after the change: kubectl annotate --namespace default cmg granitefalls configmgr.io/allow-client-outage=first
        - The new gateway begins without content, which has to be distributed to it anew: what the old one holds is read before it is deleted, and status.manualSteps lists afterwards what is missing, as far as a status has room.
        - With another first label in spec.serviceName the two would stand side by side, and no client would be without a gateway.
        - Until its deletion begins, a Git revert takes all of it back.
      "
    `);
  });

  test('a gateway of the site', () => {
    const observed = cmg({ ...SPEC, managementPolicy: 'Observe' }, [
      { ...first, identity: { ...first.identity, provisioner: 'Site' } },
    ]);
    expect(textFor(observed, NAMED_ANEW)).toMatchInlineSnapshot(`
      "cmg default/granitefalls: another gateway takes its place, side by side

        in place  spec.managementPolicy  Observe → Manage
        redeploy  spec.serviceName       granitefalls.contoso.com → lakeside.contoso.com
        in place  spec.vm.instances      2 → 3

        - lakeside.contoso.com is built beside granitefalls.contoso.com (first) once everything that it needs is in order: certificate, quota, names. Both serve until clients know the new one.
        - It needs a connection point of its own, and one is free.
        - granitefalls.contoso.com goes at the earliest when lakeside.contoso.com has been in reach of every client for 36h without a break.
        - After that, 95 in a hundred clients have to be seen to know lakeside.contoso.com. Where that has not come about 720h after the same moment, a person has to decide.
        - It also waits until lakeside.contoso.com holds the packages and applications that the old gateway holds.
        - The site made granitefalls.contoso.com: a person has the site delete it.
        - What is changed in place counts for the new gateway; the old one stays as it is.
        - Until its deletion begins, a Git revert takes all of it back.
      "
    `);
  });

  test('no Site, and a gateway that stays stopped for a while', () => {
    const { siteRef: _site, ...without } = NAMED_ANEW;
    const spec = { ...without, redeployment: { ...without.redeployment, drainFor: '12h', minimumWait: '24h30m' } };
    const { siteRef: _none, ...before } = SPEC;
    expect(textFor(cmg(before, [first]), spec)).toMatchInlineSnapshot(`
      "cmg default/granitefalls: another gateway takes its place, side by side

        redeploy  spec.serviceName               granitefalls.contoso.com → lakeside.contoso.com
        in place  spec.vm.instances              2 → 3
        in place  spec.redeployment.minimumWait  36h → 24h30m
        in place  spec.redeployment.drainFor     0s → 12h

        - lakeside.contoso.com is built beside granitefalls.contoso.com (first) once everything that it needs is in order: certificate, quota, names. Both serve until clients know the new one.
        - It needs a connection point of its own. The CMG names no Site, so give it one in the console.
        - granitefalls.contoso.com goes at the earliest when lakeside.contoso.com has been in reach of every client for 24h30m without a break.
        - Without a Site nobody can see whether clients know lakeside.contoso.com: it then waits for the consent of a person.
        - It is then stopped for 12h before it is deleted.
        - What is changed in place counts for the new gateway; the old one stays as it is.
        - Until its deletion begins, a Git revert takes all of it back.
      "
    `);
  });

  test('one that never served', () => {
    const points: KnownPoints = { kind: 'Read', points: [] };
    const live = cmg(SPEC, [{ ...first, phase: 'Provisioning', served: false }]);
    expect(textFor(live, ELSEWHERE, points)).toMatchInlineSnapshot(`
      "cmg default/granitefalls: another gateway is built when its names are free

        redeploy  spec.azure.region  westeurope → northeurope

        - The new gateway is built when granitefalls.contoso.com (first), which has its names, is deleted.
        - granitefalls.contoso.com (first) has never served clients, and is deleted at once.
      "
    `);
    expect(textFor(live, THIRD, points)).toMatchInlineSnapshot(`
      "cmg default/granitefalls: another gateway takes its place, side by side

        redeploy  spec.serviceName  granitefalls.contoso.com → ridgeway.contoso.com

        - ridgeway.contoso.com is built once everything that it needs is in order.
        - granitefalls.contoso.com (first) has never served clients, and is deleted at once.
      "
    `);
    const unread = textFor(live, THIRD, { kind: 'NotRead' });
    expect(unread).toContain('granitefalls.contoso.com (first) has never served clients, and is deleted at once.');
  });

  test('one more while a redeployment runs', () => {
    expect(textFor(REPLACING, THIRD, { kind: 'NotRead' })).toMatchInlineSnapshot(`
      "cmg default/granitefalls: another gateway takes its place, side by side

        redeploy  spec.serviceName   lakeside.contoso.com → ridgeway.contoso.com
        in place  spec.vm.instances  3 → 2

        - A redeployment runs already: this asks for one more gateway.
        - ridgeway.contoso.com is built beside granitefalls.contoso.com (first) and lakeside.contoso.com (second) once everything that it needs is in order: certificate, quota, names. Both serve until clients know the new one.
        - It needs a connection point of its own: a ConnectionPoint with the role Standby on another site system. Whether one is free could not be read.
        - granitefalls.contoso.com and lakeside.contoso.com go at the earliest when ridgeway.contoso.com has been in reach of every client for 36h without a break.
        - After that, 95 in a hundred clients have to be seen to know ridgeway.contoso.com. Where that has not come about 720h after the same moment, a person has to decide.
        - It also waits until ridgeway.contoso.com holds the packages and applications that the old gateway holds.
        - What is changed in place counts for the new gateway; the old one stays as it is.
        - Until its deletion begins, a Git revert takes all of it back.
      "
    `);
    expect(textFor(REPLACING, ELSEWHERE)).toMatchInlineSnapshot(`
      "cmg default/granitefalls: another gateway is built after the redeployment that runs

        redeploy  spec.azure.region  westeurope → northeurope
        redeploy  spec.serviceName   lakeside.contoso.com → granitefalls.contoso.com
        in place  spec.vm.instances  3 → 2

        - A redeployment runs already: this asks for one more gateway.
        - granitefalls.contoso.com (first) has the names of the new gateway, and is to be retired by the redeployment that runs. The new one is built after that.
        - The line to consent, after the change: kubectl annotate --namespace default cmg granitefalls configmgr.io/allow-client-outage=first
        - lakeside.contoso.com goes at the earliest when granitefalls.contoso.com has been in reach of every client for 36h without a break.
        - After that, 95 in a hundred clients have to be seen to know granitefalls.contoso.com. Where that has not come about 720h after the same moment, a person has to decide.
        - It also waits until granitefalls.contoso.com holds the packages and applications that the old gateway holds.
        - What is changed in place counts for the new gateway; the old one stays as it is.
        - Until its deletion begins, a Git revert takes all of it back.
      "
    `);
  });

  test('back to one that hands over', () => {
    const draining = cmg(NAMED_ANEW, [{ ...first, phase: 'Draining', drainsBehind: 'second' }, second]);
    expect(textFor(draining, SPEC)).toMatchInlineSnapshot(`
      "cmg default/granitefalls: set back to granitefalls.contoso.com

        redeploy  spec.serviceName   lakeside.contoso.com → granitefalls.contoso.com
        in place  spec.vm.instances  3 → 2

        - granitefalls.contoso.com (first) still stands: it is started if it has been stopped, and gets its connection points and boundary groups back.
        - lakeside.contoso.com goes at the earliest 36h after the change, in which granitefalls.contoso.com has to be in reach of every client without a break.
        - After that, 95 in a hundred clients have to be seen to know granitefalls.contoso.com. Where that has not come about 720h after the same moment, a person has to decide.
        - It also waits until granitefalls.contoso.com holds the packages and applications that the old gateway holds.
      "
    `);
  });

  test('a change in place while a redeployment runs and the CMG is suspended', () => {
    const live = {
      ...REPLACING,
      status: { ...REPLACING.status, redeployment: { since: '', rollback: 'Free', waitsFor: 'Clients.' } },
    } as CMG;
    expect(textFor(live, { ...NAMED_ANEW, suspend: true })).toMatchInlineSnapshot(`
      "cmg default/granitefalls: changed in place

        in place  spec.suspend  false → true

        - spec.suspend is true: the operator does nothing of this until it is false.
        - The operator carries this out on the gateway that is there.
        - The redeployment that has been asked for already goes on.
        - It says: Clients.
      "
    `);
  });

  test('a redeployment that is only looked at from now on', () => {
    expect(textFor(REPLACING, { ...NAMED_ANEW, managementPolicy: 'Observe' })).toMatchInlineSnapshot(`
      "cmg default/granitefalls: only observed

        in place  spec.managementPolicy  Manage → Observe

        - With managementPolicy Observe the operator writes nothing to Azure.
        - The redeployment that runs stands still: all gateways stay, and no wait counts.
      "
    `);
  });

  test('several manifests, of which one is refused', () => {
    expect(textOf([planned(LIVE, SPEC), REFUSED], PLAIN)).toMatchInlineSnapshot(`
      "cmg default/granitefalls: nothing changes

      cmg default/other: the API server refuses it

        - spec.vm: no
      "
    `);
  });

  test('nothing but what matters is set off', () => {
    const style = { bold: (text: string) => `<b>${text}</b>`, warning: (text: string) => `<w>${text}</w>` };
    const text = textOf([planned(LIVE, NAMED_ANEW)], style);
    expect([...text.matchAll(/<(.)>(.*?)<\/.>/g)].map(([, , inner]) => inner)).toEqual([
      'cmg default/granitefalls: another gateway takes its place, side by side',
      'redeploy',
    ]);
  });
});

describe('for programs', () => {
  test('what is replaced, and how', () => {
    const skipped = { apiVersion: 'v1', kind: 'Secret', name: 'azure', body: {} };
    const document = JSON.parse(jsonOf([planned(LIVE, NAMED_ANEW), REFUSED], [skipped]));
    expect(document).toEqual({
      kind: 'CmgPlan',
      version: 1,
      cmgs: [
        {
          namespace: 'default',
          name: 'granitefalls',
          consequence: 'Replaced',
          manner: 'SideBySide',
          replaces: [{ id: 'first', serviceName: 'granitefalls.contoso.com', phase: 'Active' }],
          minimumWaitSeconds: 36 * 3600,
          changes: [
            {
              field: 'spec.serviceName',
              change: 'Redeploy',
              before: 'granitefalls.contoso.com',
              after: 'lakeside.contoso.com',
            },
            { field: 'spec.vm.instances', change: 'InPlace', before: 2, after: 3 },
          ],
          messages: expect.arrayContaining([expect.stringContaining('lakeside.contoso.com is built beside')]),
        },
        { namespace: 'default', name: 'other', consequence: 'Refused', changes: [], messages: ['spec.vm: no'] },
      ],
      skipped: [{ kind: 'Secret', name: 'azure' }],
    });
  });

  test('what stands in the way, and to what it is set back', () => {
    const [blocked, back] = JSON.parse(
      jsonOf([planned(LIVE, NAMED_ANEW, { kind: 'Read', points: [] }), planned(REPLACING, SPEC)], []),
    ).cmgs;
    expect(blocked).toMatchObject({ blockedBy: 'NoStandbyConnectionPoint' });
    expect(back).toMatchObject({ consequence: 'SetBack', to: 'first', replaces: [{ id: 'second' }] });
  });
});

describe('how much follows', () => {
  test.each<readonly [string, readonly CmgPlan[], string]>([
    ['nothing', [planned(LIVE, SPEC)], 'Nothing'],
    ['a change in place', [planned(LIVE, { ...SPEC, vm: NAMED_ANEW.vm }), planned(LIVE, SPEC)], 'InPlace'],
    ['another gateway', [planned(LIVE, SPEC), planned(LIVE, ELSEWHERE)], 'Replaces'],
    ['a gateway that is wanted again', [planned(REPLACING, SPEC)], 'Replaces'],
    ['a change that is taken back before it began', [planned(cmg(ELSEWHERE, [first]), SPEC)], 'InPlace'],
    ['a refusal', [planned(LIVE, ELSEWHERE), REFUSED], 'Failed'],
    ['a field that nobody knows', [planned(LIVE, { ...SPEC, colour: 'green' } as CMGSpec)], 'Failed'],
    ['a CMG that is only observed', [planned(LIVE, { ...ELSEWHERE, managementPolicy: 'Observe' })], 'InPlace'],
  ])('from %s', (_what, plans, extent) => {
    expect(extentOf(plans)).toBe(extent);
  });
});
