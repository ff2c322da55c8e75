import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import type { Random } from '../../../src/runtime/random.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import type { AdminServiceSimulator } from '../../simulators/adminservice/simulator.ts';
import { isWrite } from '../../simulators/arm/journal.ts';
import { openApiServerWay } from '../../world/api-server-way.ts';
import type { OperatorUnderTest } from '../../world/operator-under-test.ts';
import type { GatewayTest } from '../operator/suite.ts';

/** The moment at which an operator ends, seen from a write. */
type Death = 'before' | 'after';

/**
 * Operators that follow each other, each until it is killed at a write. Each write kills, before it is carried out, and after it
 * when it is made again. Of further ones to the same place some do: operators none of which outlives its first write would never
 * come to the second.
 */
export interface MortalOperators {
  /** The metrics of the one that lives. */
  readonly registry: Registry | undefined;
  /** From now on writes may kill. */
  begin(): void;
  /** From now on they do not. Resolves when an operator lives. */
  end(): Promise<void>;
  /** What each of those that were killed was killed at, such as `after Azure PUT /subscriptions/…`. */
  readonly deaths: readonly string[];
  /** How many writes there were since the beginning. */
  readonly writes: number;
}

export interface MortalOperatorsOptions {
  readonly test: GatewayTest;
  readonly site: AdminServiceSimulator;
  /** Draws which of the writes kill that are made again and again, as of a status. */
  readonly random: Random;
}

/** What comes of the first writes to a place. */
const FIRST: readonly Death[] = ['before', 'after'];

/** Of further ones to it, one in so many kills. */
const FURTHER_ONE_IN = 4;

/** They only tell. */
const EVENTS = /^\/apis\/events\.k8s\.io\//;

/**
 * Starts the first operator. As with SIGKILL, nothing that it does has any effect from the moment of its death on: its
 * connections to Azure, to the site and to the API server end then. Nothing that it has in memory comes to the next one.
 */
export async function startMortalOperators(options: MortalOperatorsOptions): Promise<MortalOperators> {
  const { test, site, random } = options;
  const azure = test.azure.control;
  const folder = makeTemporaryDirectory();
  onTestFinished(() => removeTemporaryDirectory(folder));
  const kubeconfig = readFileSync(test.kubeconfigPath, 'utf8');
  const deaths: string[] = [];
  const seen = new Map<string, number>();
  let isBegun = false;
  let isAlive = true;
  let writes = 0;
  let cut: () => Promise<void> = () => Promise.resolve();
  let current: OperatorUnderTest | undefined;
  let following: Promise<void> = Promise.resolve();

  const deathAt = (write: string): Death | undefined => {
    if (!isBegun || !isAlive) return undefined;
    writes += 1;
    const times = (seen.get(write) ?? 0) + 1;
    seen.set(write, times);
    const death = FIRST[times - 1] ?? drawn();
    if (death !== undefined) deaths.push(`${death} ${write}`);
    return death;
  };
  const drawn = (): Death | undefined => {
    const number = random() * FURTHER_ONE_IN;
    return number >= 1 ? undefined : number < 0.5 ? 'before' : 'after';
  };
  const die = () => {
    if (!isAlive) return;
    isAlive = false;
    for (const { faults } of [azure, site.control]) {
      faults.add({ match: { urlPattern: '.' }, times: 'always', action: { kind: 'dropConnection' } });
    }
    following = follow();
  };
  const follow = async () => {
    await Promise.all([cut(), current?.stop()]);
    for (const { faults } of [azure, site.control]) faults.clear();
    await start();
  };
  const start = async () => {
    const way = await openApiServerWay({
      kubeconfig,
      passage: (method, path) => {
        const death = method === 'GET' || EVENTS.test(path) ? undefined : deathAt(`Kubernetes ${method} ${path}`);
        return death === undefined ? 'Whole' : death === 'before' ? 'CutBefore' : 'CutAfter';
      },
      onCut: die,
    });
    cut = way.cut;
    const kubeconfigPath = join(folder, 'kubeconfig.yaml');
    writeFileSync(kubeconfigPath, way.kubeconfig, { mode: 0o600 });
    isAlive = true;
    current = await test.inCluster({ api: test.api, kubeconfigPath }).startOperator();
  };
  /** Before the rules of a simulator are asked about a request, so that it is the first to meet the one that is added here. */
  const watch = ({ faults }: typeof azure | typeof site.control, name: string, writesTo: typeof isWrite) =>
    faults.watch((method, url) => {
      const path = url.replace(/^\/+/, '/').split('?')[0] ?? '';
      const death = writesTo(method, path) ? deathAt(`${name} ${method} ${path}`) : undefined;
      if (death === undefined) return;
      if (death === 'after') faults.add({ match: { urlPattern: '.' }, action: { kind: 'applyThenDrop' } });
      die();
    });
  const unwatch = [
    watch(azure, 'Azure', (method, path) => isWrite(method, path) && /^\/(subscriptions|blob)\//.test(path)),
    watch(site.control, 'site', (method) => method !== 'GET'),
  ];
  onTestFinished(async () => {
    for (const each of unwatch) each();
    isBegun = false;
    await following;
    await cut();
  });
  await start();
  return {
    get registry() {
      return current?.registry;
    },
    begin: () => {
      isBegun = true;
    },
    end: async () => {
      isBegun = false;
      await following;
    },
    deaths,
    get writes() {
      return writes;
    },
  };
}
