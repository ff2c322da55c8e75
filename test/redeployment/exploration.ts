import type { Planner } from '../../src/redeployment/planner.ts';
import { CRASHES, type EventName, type Happening, happenings } from './events.ts';
import { type Crash, reconcile } from './execution.ts';
import type { Violation } from './invariants.ts';
import { keyOf } from './key.ts';
import type { Phase } from './matrix.ts';
import { LONG_TIME, type Progress, passObserved, passTime, pendingProgress, SHORT_TIME } from './progress.ts';
import { settle } from './settling.ts';
import { cmgAt, JUST_APPLIED, SETTLED, type World } from './world.ts';

/** How far to explore. */
export interface Bounds {
  /** Events that people and the world may bring about in one history; healing does not count. */
  readonly events: number;
  /** States at which to stop, for a planner that is known to be broken or a test that has little time. */
  readonly states: number;
  /** Stop at the first violation. */
  readonly untilFirst: boolean;
}

/** A state in which something is wrong, with how it was reached. */
export interface Found {
  readonly violation: Violation;
  readonly history: readonly string[];
}

/** What was explored. */
export interface Explored {
  readonly states: number;
  readonly transitions: number;
  readonly found: readonly Found[];
  /** Transitions by phase and event. */
  readonly matrix: ReadonlyMap<Phase, ReadonlyMap<EventName, number>>;
  /** What conditions asked people to do on the way to the goal. */
  readonly asked: ReadonlySet<string>;
}

interface Node {
  readonly world: World;
  readonly key: string;
  readonly cost: number;
  readonly by: string;
  readonly from: Node | undefined;
}

/** Explores every history of the model with so many events, each state once. */
export function explore(planner: Planner, bounds: Bounds): Explored {
  const explorer = new Explorer(planner, bounds);
  return explorer.run();
}

class Explorer {
  readonly #planner: Planner;
  readonly #bounds: Bounds;
  readonly #seen = new Set<string>();
  readonly #good = new Set<string>();
  readonly #found: Found[] = [];
  readonly #matrix = new Map<Phase, Map<EventName, number>>();
  readonly #asked = new Set<string>();
  #layer: Node[] = [];
  #next: Node[] = [];
  #transitions = 0;

  constructor(planner: Planner, bounds: Bounds) {
    this.#planner = planner;
    this.#bounds = bounds;
  }

  run(): Explored {
    for (const [by, world] of [
      ['settled', SETTLED],
      ['just applied', JUST_APPLIED],
    ] as const) {
      this.#reach(world, by, undefined, 0);
    }
    for (let cost = 0; cost <= this.#bounds.events && !this.#isOver(); cost++) {
      // Histories with fewer events first: a state is explored where it is reached with the fewest.
      for (let node = this.#layer.pop(); node !== undefined && !this.#isOver(); node = this.#layer.pop()) {
        this.#expand(node);
      }
      this.#layer = this.#next.filter(({ key }) => !this.#seen.has(key) && this.#seen.add(key));
      this.#next = [];
    }
    return {
      states: this.#seen.size,
      transitions: this.#transitions,
      found: this.#found,
      matrix: this.#matrix,
      asked: this.#asked,
    };
  }

  #isOver(): boolean {
    return this.#seen.size >= this.#bounds.states || (this.#bounds.untilFirst && this.#found.length > 0);
  }

  #expand(node: Node): void {
    const { world } = node;
    this.#checkGoal(node);
    const effects = world.cmgs.map((cmg, at) => !cmg.gone && this.#reconcile(node, at));
    for (const progress of pendingProgress(world)) {
      this.#count(world, progress.cmg, [PROGRESS_EVENTS[progress.name]]);
      this.#reach(progress.apply(world), progress.name, node, 0);
    }
    this.#reach(passTime(world, SHORT_TIME), 'a quarter of an hour passes', node, 0);
    if (!effects.includes(true)) {
      this.#count(world, undefined, ['a day passes']);
      this.#reach(passObserved(world, LONG_TIME), 'thirteen hours pass', node, 0);
    }
    for (const happening of happenings(world)) {
      this.#happen(node, happening, effects);
    }
    if (node.cost < this.#bounds.events) {
      this.#crash(node, effects);
    }
  }

  /** Whether the reconcile did anything. */
  #reconcile(node: Node, at: number): boolean {
    const { world, violations } = reconcile(node.world, at, this.#planner);
    this.#report(violations, node, `reconcile ${at}`);
    if (world === node.world) {
      return false;
    }
    this.#reach(world, `reconcile ${at}`, node, 0);
    return true;
  }

  #happen(node: Node, happening: Happening, effects: readonly boolean[]): void {
    const cost = happening.heals ? 0 : 1;
    if (node.cost + cost > this.#bounds.events) {
      return;
    }
    const [name = ''] = happening.names;
    this.#count(node.world, happening.cmg, happening.names);
    this.#reach(happening.apply(node.world), told(name, happening.cmg), node, cost);
    for (const [at, hasEffect] of effects.entries()) {
      if (hasEffect && (happening.cmg === undefined || happening.cmg === at || node.world.claim !== undefined)) {
        this.#race(node, at, happening, cost);
      }
    }
  }

  /** The event comes between what a reconcile sees and what it does. */
  #race(node: Node, at: number, happening: Happening, cost: number): void {
    const by = `reconcile ${at}, meanwhile ${told(happening.names[0] ?? '', happening.cmg)}`;
    const { world, violations } = reconcile(node.world, at, this.#planner, { meanwhile: happening.apply });
    this.#report(violations, node, by);
    this.#reach(world, by, node, cost);
  }

  #crash(node: Node, effects: readonly boolean[]): void {
    for (const [at, hasEffect] of effects.entries()) {
      if (!hasEffect) continue;
      for (const [crash, name] of Object.entries(CRASHES) as [Crash, EventName][]) {
        const { world, violations } = reconcile(node.world, at, this.#planner, { crash });
        this.#count(node.world, at, [name]);
        this.#report(violations, node, told(name, at));
        this.#reach(world, told(name, at), node, 1);
      }
    }
  }

  #reach(world: World, by: string, from: Node | undefined, cost: number): void {
    this.#transitions++;
    const key = keyOf(world);
    if (this.#seen.has(key)) {
      return;
    }
    const node: Node = { world, key, by, from, cost: (from?.cost ?? 0) + cost };
    if (cost === 0) {
      this.#seen.add(key);
      this.#layer.push(node);
    } else {
      this.#next.push(node);
    }
  }

  #checkGoal(node: Node): void {
    const { violations, path, asked } = settle(node.world, this.#planner, (key) => this.#good.has(key));
    this.#report(violations, node, 'left alone');
    for (const reason of asked) this.#asked.add(reason);
    if (violations.length === 0) {
      for (const world of path) this.#good.add(keyOf(world));
    }
  }

  #count(world: World, at: number | undefined, names: readonly EventName[]): void {
    const cmgs = at === undefined ? world.cmgs : [cmgAt(world, at)];
    for (const { records } of cmgs) {
      for (const { stage } of records.deployments) {
        const row = this.#matrix.get(stage.phase) ?? new Map<EventName, number>();
        this.#matrix.set(stage.phase, row);
        for (const name of names) row.set(name, (row.get(name) ?? 0) + 1);
      }
    }
  }

  #report(violations: readonly Violation[], node: Node, by: string): void {
    for (const violation of violations) {
      this.#found.push({ violation, history: [...historyOf(node), by] });
    }
  }
}

const PROGRESS_EVENTS: Readonly<Record<Progress['name'], EventName>> = {
  Provisioned: 'gateway provisioned',
  Deleted: 'gateway deleted',
  ClientsKnow: 'clients learn the name',
  PointConnects: 'connection point connected',
};

function told(name: string, cmg: number | undefined): string {
  return cmg === undefined ? name : `${name} (${cmg === 0 ? 'one' : 'two'})`;
}

function historyOf(node: Node): readonly string[] {
  const steps: string[] = [];
  for (let at: Node | undefined = node; at !== undefined; at = at.from) {
    steps.unshift(at.by);
  }
  return steps;
}
