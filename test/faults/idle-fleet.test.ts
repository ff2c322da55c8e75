import { afterAll, beforeAll, expect, it } from 'vitest';
import { DRIFT_INTERVAL_MS, FULL_READ_INTERVAL_MS } from '../world/in-process-operator.ts';
import { startLives } from './life-options.ts';
import { logRequests } from './request-log.ts';
import { createFaultStage } from './stage.ts';

const DAY = 24 * 3_600_000;
const FLEET = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

let lives: Awaited<ReturnType<typeof startLives>>;
beforeAll(async () => {
  const started = await startLives();
  lives = { ...started, certificate: await started.world.authority.issue({ commonName: '*.contoso.com' }) };
}, 60_000);
afterAll(() => lives?.close());

it('writes nothing for a day in which nothing happens to a fleet, and reads as its intervals say', {
  timeout: 300_000,
}, async () => {
  const { clock, world } = lives;
  const { control } = world.azure;
  const stage = createFaultStage(lives);
  for (const name of FLEET) stage.apply(name);
  await stage.runUntil(stage.isSettled);
  // The first search for changes begins with the first gateway that serves; what is seen then is no rest yet.
  await stage.operator.runFor(2 * DRIFT_INTERVAL_MS);

  const changed: string[] = [];
  const forget = stage.kubernetes.observe((_before, after) => void changed.push(JSON.stringify(after)));
  const [accepted, state] = [control.writes.length, JSON.stringify(control.state())];
  const log = logRequests(control.faults, () => clock.now());
  await stage.operator.runFor(DAY);
  log.end();
  forget();

  expect(changed).toEqual([]);
  expect(log.writes).toEqual([]);
  expect(control.writes).toHaveLength(accepted);
  expect(JSON.stringify(control.state())).toBe(state);

  const sweeps = DAY / DRIFT_INTERVAL_MS;
  expect(log.count(/^POST .*\/Microsoft\.ResourceGraph\/resources$/)).toBe(sweeps);
  // Each gateway is looked at every drift interval and up to a tenth more, so that a fleet does not come at once.
  const looks = log.count(/\/virtualMachines$/) / FLEET.length;
  expect(looks).toBeLessThanOrEqual(sweeps);
  expect(looks).toBeGreaterThan(sweeps / 1.11);
  // Every resource is read with the first look after each hour.
  const resources = 15;
  const full = log.count(/^GET .*\/resourceGroups\/(?!.*\/virtualMachines$)/i) / FLEET.length / resources;
  expect(full).toBeLessThanOrEqual(DAY / FULL_READ_INTERVAL_MS);
  expect(full).toBeGreaterThan(DAY / (FULL_READ_INTERVAL_MS + 1.11 * DRIFT_INTERVAL_MS) - 1);
  // The package and the settings are looked for with each look.
  const files = log.count(/^HEAD \/blob\//) / FLEET.length / 2;
  expect(files).toBeLessThanOrEqual(sweeps);
  expect(files).toBeGreaterThan(sweeps / 1.11);
  const rest = log.requests.length - sweeps - FLEET.length * (looks + resources * full + 2 * files);
  console.log(
    `${FLEET.length} gateways at rest for a day: no write, ${sweeps} searches, ${looks} looks at the VMs of each, ${full.toFixed(1)} readings of each resource, ${files} looks for the files of each, ${rest} other requests.`,
  );
  // Tokens, and what is asked once a day.
  expect(rest).toBeLessThan(20);
  stage.operator.kill();
});
