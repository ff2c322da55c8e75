import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isStalling } from '../../src/api/v1alpha1/conditions.ts';
import type { ErrorClass } from '../../src/azure/errors.ts';
import { SECRET } from '../../src/runtime/objects.ts';
import type { FaultAction } from '../simulators/arm/faults.ts';
import { secret } from '../world/gateway-manifests.ts';
import { startLives } from './life-options.ts';
import { REFUSALS, type Refusal } from './refusals.ts';
import { logRequests, type RequestLog } from './request-log.ts';
import { createFaultStage, type FaultStage, NAMESPACE } from './stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A second each on a quiet machine. */
const TIMEOUT_MS = 120_000;
const SCALE_SET = /^PUT .*\/virtualMachineScaleSets\/alpha$/;

let lives: Awaited<ReturnType<typeof startLives>>;
let stage: FaultStage;
let log: RequestLog;
beforeAll(async () => {
  const started = await startLives();
  lives = { ...started, certificate: await started.world.authority.issue({ commonName: '*.contoso.com' }) };
}, 60_000);
afterAll(() => lives?.close());
beforeEach(() => {
  const { control } = lives.world.azure;
  control.reset();
  stage = createFaultStage(lives);
  control.settings.durationFactor = 0.05;
  log = logRequests(control.faults, () => lives.clock.now());
  return () => {
    log.end();
    stage.operator.kill();
  };
});

/** As Azure nests errors: what says most stands innermost, as JSON in the message of one that says little. */
function answerOf({ status, code, message, headers, later }: Refusal): FaultAction {
  const inner = { error: { code, message } };
  const details = [{ code: 'Conflict', message: JSON.stringify(inner) }];
  const outer = { code: 'DeploymentFailed', message: 'At least one resource deployment operation failed.', details };
  return later === true
    ? { kind: 'failOperation', error: outer }
    : { kind: 'answer', status, ...outer, ...(headers === undefined ? {} : { headers }) };
}

function refuse(refusal: Refusal): void {
  const match = { method: 'PUT', urlPattern: '/virtualMachineScaleSets/alpha' };
  lives.world.azure.control.faults.add({ match, times: 'always', action: answerOf(refusal) });
}

const tries = () => log.requests.filter(({ method, path }) => SCALE_SET.test(`${method} ${path}`)).map(({ at }) => at);

async function untilTried(times: number): Promise<void> {
  await stage.runUntil(() => tries().length >= times, 48 * HOUR);
}

describe('what Azure refuses', { timeout: TIMEOUT_MS }, () => {
  it('is shown here in every class', () => {
    const classes: Record<ErrorClass, true> = {
      Throttled: true,
      Busy: true,
      Propagation: true,
      ProviderNotRegistered: true,
      Server: true,
      Capacity: true,
      NeedsAdministrator: true,
      NameTaken: true,
      Immutable: true,
      Invalid: true,
      NotFound: true,
    };
    expect(new Set(REFUSALS.map(({ errorClass }) => errorClass))).toEqual(new Set(Object.keys(classes)));
  });

  it.each(REFUSALS)('$errorClass, $status $code: told, tried at its pace, and over with its cause', async (refusal) => {
    refuse(refusal);
    stage.apply('alpha');
    await stage.runUntil(() => stage.condition('AzureReady', 'alpha')?.reason === refusal.reason && tries().length > 0);
    const { message = '' } = stage.condition('AzureReady', 'alpha') ?? {};
    if (refusal.errorClass !== 'Throttled') {
      // Azure's own words of throttling count the seconds, which would be news each time.
      expect(message).toContain(refusal.message);
      expect(message).toContain(`(${refusal.code})`);
    }
    expect(stage.condition('Stalled', 'alpha')?.reason).toBe(isStalling(refusal.reason) ? refusal.reason : undefined);
    await untilTried(3);
    const [first = 0, second = 0, third = 0] = tries();
    for (const [gap, [least, most]] of [
      [second - first, refusal.gaps[0]],
      [third - second, refusal.gaps[1]],
    ] as const) {
      // An operation that fails only later runs for some seconds first.
      expect(gap).toBeGreaterThanOrEqual(least);
      expect(gap).toBeLessThanOrEqual(most + (refusal.later === true ? MINUTE : 0));
    }
    if (refusal.errorClass === 'ProviderNotRegistered') {
      expect(log.count(/^POST .*\/providers\/Microsoft\.Compute\/register$/)).toBe(1);
    }

    lives.world.azure.control.faults.clear();
    const before = tries().length;
    await untilTried(before + 1);
    expect((tries().at(-1) ?? 0) - third).toBeLessThanOrEqual(refusal.longest + MINUTE);
    await stage.runUntil(stage.isSettled);
    expect(log.count(/^DELETE /)).toBe(0);
  });

  it.each(REFUSALS.filter(({ longest }) => longest > 10 * MINUTE))(
    '$errorClass, $status $code: tried at once with a changed spec',
    async (refusal) => {
      refuse(refusal);
      stage.apply('alpha');
      await untilTried(2);
      await stage.runUntil(() => stage.condition('AzureReady', 'alpha')?.reason === refusal.reason);
      lives.world.azure.control.faults.clear();
      const [fixed, before] = [lives.clock.now(), tries().length];
      stage.apply('alpha', (spec) => ({ ...spec, vm: { ...spec.vm, size: 'Large' } }));
      await untilTried(before + 1);
      expect((tries().at(-1) ?? 0) - fixed).toBeLessThan(MINUTE);
      await stage.runUntil(stage.isSettled);
      expect(stage.condition('Stalled', 'alpha')).toBeUndefined();
      expect(log.count(/^DELETE /)).toBe(0);
    },
  );

  it.each([
    ['PrincipalNotFound', 'OperationFailed'],
    ['AuthorizationFailed', 'AuthorizationFailed'],
    ['MissingSubscriptionRegistration', 'ProviderNotRegistered'],
  ])('%s waits for a person when it has not passed after ten minutes: %s', async (code, reason) => {
    const refusal = REFUSALS.find((each) => each.code === code);
    if (refusal === undefined) throw new Error(`There is no ${code}.`);
    refuse(refusal);
    stage.apply('alpha');
    await untilTried(1);
    await stage.operator.runFor(13 * MINUTE);
    expect(stage.condition('Stalled', 'alpha')).toMatchObject({ status: 'True', reason });
    expect(stage.condition('AzureReady', 'alpha')?.message).toContain(refusal.message);
  });

  it('is shown before the first write where it can be known, and a corrected spec goes on from there', async () => {
    lives.world.azure.control.takeName({ kind: 'dnsLabel', name: 'alpha', location: 'westeurope' });
    stage.apply('alpha');
    await stage.runUntil(() => stage.condition('Stalled', 'alpha')?.reason === 'NameTaken');
    expect(log.writes).toEqual([]);
    stage.apply('alpha', (spec) => ({ ...spec, serviceName: 'alphabet.contoso.com' }));
    await stage.runUntil(stage.isSettled);
  });

  it('as credentials is over with a corrected Secret', async () => {
    const put = (value: string) =>
      stage.kubernetes.put(SECRET, secret(NAMESPACE, 'azure', 'Opaque', { 'client-secret': value }));
    put('wrong');
    stage.apply('alpha');
    await stage.runUntil(() => stage.condition('Stalled', 'alpha')?.reason === 'CredentialsInvalid');
    expect(stage.condition('PrerequisitesMet', 'alpha')?.message).toContain('AADSTS7000215');
    put(lives.world.azure.clientSecret);
    await stage.runUntil(stage.isSettled);
  });
});

describe('a pause that Azure asks for', { timeout: TIMEOUT_MS }, () => {
  it('holds for its subscription and principal to the second, and for no other', async () => {
    const { azure } = lives.world;
    const other = azure.control.addSubscription();
    const { principal, secrets } = azure.control.addApplication('another operator');
    secrets.add('another-secret');
    azure.control.setRights([{ scope: '/', actions: ['*'], notActions: [] }], principal.appId);
    stage.kubernetes.put(SECRET, secret(NAMESPACE, 'another', 'Opaque', { 'client-secret': 'another-secret' }));
    const clientSecret = { clientId: principal.appId, secretRef: { name: 'another', key: 'client-secret' } };
    stage.apply('alpha');
    stage.apply('beta');
    stage.apply('gamma', (spec) => ({ ...spec, azure: { ...spec.azure, subscriptionId: other } }));
    stage.apply('delta', (spec) => ({
      ...spec,
      azure: { ...spec.azure, credentials: { type: 'ClientSecret', clientSecret } },
    }));
    await stage.runUntil(stage.isSettled);

    const pause = 10 * MINUTE;
    azure.control.faults.add({
      match: { urlPattern: '/rg-alpha/' },
      action: {
        kind: 'answer',
        status: 429,
        code: 'TooManyRequests',
        headers: { 'Retry-After': String(pause / 1000) },
      },
    });
    const met = () => azure.control.faults.rules[0]?.applied === 1;
    stage.apply('alpha', (spec) => ({ ...spec, vm: { ...spec.vm, instances: 2 } }));
    await stage.runUntil(met);
    const begun = lives.clock.now();
    for (const name of ['beta', 'gamma', 'delta']) {
      stage.apply(name, (spec) => ({ ...spec, vm: { ...spec.vm, instances: 2 } }));
    }
    await stage.operator.runFor(pause - 1);
    const since = (pattern: RegExp) => log.requests.filter(({ at, path }) => at > begun && pattern.test(path));
    expect(since(/\/rg-(alpha|beta)\b/)).toEqual([]);
    for (const name of ['alpha', 'beta']) expect(stage.condition('Ready', name)?.reason).toBe('Throttled');
    for (const name of ['gamma', 'delta']) {
      expect(stage.cmg(name)?.status?.deployments?.[0]?.instances, name).toEqual({ wanted: 2, ready: 2 });
    }
    await stage.operator.runFor(1 + pause / 5);
    const [first] = since(/\/rg-(alpha|beta)\b/);
    expect((first?.at ?? 0) - begun).toBeGreaterThanOrEqual(pause);
    await stage.runUntil(stage.isSettled);
  });
});
