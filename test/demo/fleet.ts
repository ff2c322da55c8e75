import {
  beginPass,
  type ClientPass,
  countDevice,
  finishPass,
  type GateJudgement,
  judgeGate,
} from '../../src/redeployment/client-gate.ts';
import { DAY, HOUR, type Instant } from '../../src/redeployment/instant.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createManualClock } from '../../src/runtime/manual-clock.ts';
import { createAdminService } from '../../src/site/admin-service/admin-service.ts';
import { bearerAuthentication } from '../../src/site/authentication.ts';
import type { SiteFacts } from '../../src/site/site.ts';
import { type AdminServiceSimulator, startAdminServiceSimulator } from '../simulators/adminservice/simulator.ts';
import { CONNECTION_POINT_SERVER } from '../world/site-manifests.ts';
import type { DemoOptions } from './run.ts';
import { StepFailed } from './steps.ts';

/** The gateway that the clients know at first, and the server of its connection point. */
const EARLIER_SERVICE_NAME = 'bellevue.contoso.com';
const EARLIER_CONNECTION_POINT_SERVER = 'cp2.ps1.corp.contoso.com';

const FLEET_SIZE = 2000;
/** As `spec.redeployment` has them by default. */
const TERMS = { minimumWait: DAY, requiredPercent: 95, ignoreInactiveFor: 14 * DAY };
/** Two cycles of location requests: a gate that is shut then will not open. */
const LIMIT_HOURS = 50;

/**
 * Shows how clients learn of a gateway and when the client gate lets the one before it go. Clients take a day, so their
 * site's clock is moved on by the hour; it is another site than the operator's, whose clock goes on as it does.
 */
export async function watchFleet(
  { screen, signal }: Pick<DemoOptions, 'screen' | 'signal'>,
  serviceName: string,
): Promise<void> {
  screen.step(`Moving ${FLEET_SIZE} simulated clients from ${EARLIER_SERVICE_NAME} to the gateway, an hour at a time`);
  const clock = createManualClock(systemClock.now());
  const site = await startAdminServiceSimulator({ clock });
  const adminService = createAdminService({
    url: site.url,
    caBundle: site.caPem,
    authentication: bearerAuthentication(async () => site.token, systemClock),
    clock: systemClock,
    userAgent: 'demo',
  });
  try {
    const { control } = site;
    control.addServingGateway({ serviceName: EARLIER_SERVICE_NAME }, EARLIER_CONNECTION_POINT_SERVER);
    control.startFleet({ size: FLEET_SIZE });
    const devicesAtBeginning = control.fleet.size;
    control.addServingGateway({ serviceName }, CONNECTION_POINT_SERVER);
    const advertisedSince = clock.now();
    for (let hour = 1; hour <= LIMIT_HOURS; hour += 1) {
      await clock.advance(HOUR);
      const pass = await readPass(adminService.facts, { serviceName, advertisedSince, signal });
      const judgement = judgeGate(pass, {
        ...TERMS,
        serviceName,
        advertisedSince,
        notBefore: advertisedSince + TERMS.minimumWait,
        devicesAtBeginning,
      });
      screen.show([lineOf(hour, pass, judgement)]);
      if (judgement.kind === 'Open') {
        screen.done(summaryOf(hour, judgement, site));
        return;
      }
    }
    throw new StepFailed(`The client gate is shut ${LIMIT_HOURS} hours after the gateway was advertised.`);
  } finally {
    await adminService.close();
    await site.close();
  }
}

interface Question {
  readonly serviceName: string;
  readonly advertisedSince: Instant;
  readonly signal: AbortSignal;
}

/** Reads all devices of the site once, as the operator does. */
async function readPass(facts: SiteFacts, { serviceName, advertisedSince, signal }: Question): Promise<ClientPass> {
  const question = { serviceName, advertisedSince, ignoreInactiveFor: TERMS.ignoreInactiveFor };
  let pass: ClientPass | undefined;
  const answer = await facts.readDevices(
    (rows, date) => {
      if (date === undefined) {
        throw new StepFailed('An answer of the simulated site has no Date.');
      }
      for (const row of rows) {
        pass = countDevice(pass ?? beginPass(question, date), row, date);
      }
    },
    { signal },
  );
  if (answer.kind !== 'Answered' || answer.value.kind !== 'Complete' || pass === undefined) {
    throw new StepFailed(`The clients of the simulated site could not be read: ${JSON.stringify(answer)}`);
  }
  return finishPass(pass);
}

/** What an hour brought, such as `hour 26: 1661 of 1674 clients on the internet have moved; the gate is open`. */
function lineOf(hour: number, { asUtc }: ClientPass, judgement: GateJudgement): string {
  return `hour ${hour}: ${asUtc.refreshed} of ${asUtc.eligible} clients on the internet have moved; the gate is ${wordsOf(judgement)}`;
}

function wordsOf(judgement: GateJudgement): string {
  if (judgement.kind === 'Open') {
    return 'open';
  }
  switch (judgement.because) {
    case 'BegunTooEarly':
      return 'shut for the first day, whoever has moved';
    case 'TooFewRefreshed':
      return `shut until ${TERMS.requiredPercent} % have`;
    default:
      return `shut: ${judgement.because}`;
  }
}

function summaryOf(hour: number, open: Extract<GateJudgement, { kind: 'Open' }>, site: AdminServiceSimulator): string {
  const { refreshed, eligible } = open;
  const { length: cutOff } = site.control.cutOffClients;
  return `the gate is open after ${hour} hours: ${refreshed} of ${eligible} clients on the internet have moved, and ${cutOff} were cut off`;
}
