import type { Planner } from '../../src/redeployment/planner.ts';
import type { Records } from '../../src/redeployment/record.ts';
import { CRASHES, type EventName, type Happening, happenings, healings } from './events.ts';
import { type Crash, reconcile } from './execution.ts';
import type { Violation } from './invariants.ts';
import { keyOf } from './key.ts';
import type { Phase } from './matrix.ts';
import { LONG_TIME, type Progress, passObserved, passTime, pendingProgress, SHORT_TIME } from './progress.ts';
import { settle } from './settling.ts';
import type { Followers } from './site-objects.ts';
import { cmgAt, type World } from './world.ts';

/** How far to explore. */
export interface Bounds {
  /** Where histories begin, with what each is called. */
  readonly starts: ReadonlyMap<string, World>;
  /** Decisions of people in one history. */
  readonly decisions: number;
  /** Things that go wrong in one history. */
  readonly faults: number;
  /** States at which to stop, for a planner that is known to be broken or a test that has little time. */
  readonly states: number;
  /** Only look whether the way leads to the goal when everything is left alone after an event, and after what undoes it. */
  readonly isShallow: boolean;
  /** Who plans for connection points and boundary groups that follow at times of their own. Default: the operator. */
  readonly followers?: Followers;
  /** Stop at the first violation of this invariant. */
  readonly until?: Violation['invariant'];
}

/** A state in which something is wrong, with how it was reached. */
export interface Found {
  readonly violation: Violation;
  readonly history: readonly string[];
}

/** What was explored. */
export interface Explored {
  /** The states, by their keys. */
  readonly states: ReadonlySet<string>;
  readonly transitions: number;
  readonly found: readonly Found[];
  /** Transitions by phase and event. */
  readonly matrix: ReadonlyMap<Phase, ReadonlyMap<EventName, number>>;
  /** What conditions asked people to do on the way to the goal. */
  readonly asked: ReadonlySet<string>;
  /** Changes of phase that a reconcile made, as `Active → Superseded`. */
  readonly changes: ReadonlySet<string>;
}

interface Node {
  readonly world: World;
  readonly state: State;
  readonly decisions: number;
  readonly faults: number;
  readonly history: History;
}

/** How a state was reached, the last step first; without the worlds on the way, of which there are many. */
interface History {
  readonly by: string;
  readonly from: History | undefined;
}

/** What is known of a state. */
interface State {
  readonly key: string;
  /** With how many decisions and faults it was reached; none of them both more and more. */
  costs: readonly Cost[];
  isExpanded: boolean;
  /** Whether a world in this state is known to reach its goal. */
  isGood: boolean;
}

interface Cost {
  readonly decisions: number;
  readonly faults: number;
}

/** Explores every history of the model with so many events, each state once. */
export function explore(planner: Planner, bounds: Bounds): Explored {
  const explorer = new Explorer(planner, bounds);
  return explorer.run();
}

class Explorer {
  readonly #planner: Planner;
  readonly #bounds: Bounds;
  /** By their keys. */
  readonly #states = new Map<string, State>();
  readonly #found: Found[] = [];
  readonly #matrix = new Map<Phase, Map<EventName, number>>();
  readonly #asked = new Set<string>();
  readonly #changes = new Set<string>();
  /** What is still to be expanded, by the number of events in the history. */
  readonly #open: Node[][] = [];
  #expanded = 0;
  #transitions = 0;

  constructor(planner: Planner, bounds: Bounds) {
    this.#planner = planner;
    this.#bounds = bounds;
  }

  run(): Explored {
    for (const [by, world] of this.#bounds.starts) {
      this.#reach(world, by, undefined);
    }
    for (let events = 0; events < this.#open.length; events++) {
      // Histories with fewer events first: a state is expanded where it is reached with the fewest.
      for (
        let node = this.#open[events]?.pop();
        node !== undefined && !this.#isOver();
        node = this.#open[events]?.pop()
      ) {
        this.#expand(node);
      }
    }
    return {
      states: new Set([...this.#states.values()].filter(({ isExpanded }) => isExpanded).map(({ key }) => key)),
      transitions: this.#transitions,
      found: this.#found,
      matrix: this.#matrix,
      asked: this.#asked,
      changes: this.#changes,
    };
  }

  #isOver(): boolean {
    const { states, until } = this.#bounds;
    return this.#expanded >= states || this.#found.some(({ violation }) => violation.invariant === until);
  }

  #expand(node: Node): void {
    const { world, state } = node;
    const { isShallow } = this.#bounds;
    if (!state.isExpanded) {
      state.isExpanded = true;
      this.#expanded++;
      this.#checkGoal(node);
    }
    if (isShallow && node.decisions + node.faults > 0) {
      this.#heal(node);
      return;
    }
    const effects = world.cmgs.map((cmg, at) => !cmg.gone && this.#reconcile(node, at));
    for (const progress of pendingProgress(world, this.#bounds.followers)) {
      this.#count(world, progress.cmg, PROGRESS_EVENTS[progress.name]);
      this.#report(progress.violations ?? [], node, progress.name);
      this.#step(progress.apply(world), progress.name, node);
    }
    this.#step(passTime(world, SHORT_TIME), 'a quarter of an hour passes', node);
    // What Azure and the site do takes less than a day; clients take as long as they like.
    const isWaitingForClients = pendingProgress(world, this.#bounds.followers).every(
      ({ name }) => name === 'ClientsKnow',
    );
    if (!effects.includes(true) && isWaitingForClients) {
      this.#count(world, undefined, ['a day passes']);
      this.#step(passObserved(world, LONG_TIME), 'twenty-five hours pass', node);
    }
    const isSpent = node.decisions === this.#bounds.decisions && node.faults === this.#bounds.faults;
    for (const happening of isSpent ? healings(world) : happenings(world)) {
      this.#happen(node, happening, effects);
    }
    if (node.faults < this.#bounds.faults) {
      this.#crash(node, effects);
    }
  }

  /** What undoes the event that has just been. */
  #heal(node: Node): void {
    for (const happening of healings(node.world)) {
      this.#happen(node, happening, []);
    }
  }

  /** Whether the reconcile did anything. */
  #reconcile(node: Node, at: number): boolean {
    const { world, plan, violations } = reconcile(node.world, at, this.#planner);
    this.#report(violations, node, `reconcile ${at}`);
    this.#countChanges(cmgAt(node.world, at).records, plan.records);
    if (world === node.world) {
      return false;
    }
    this.#step(world, `reconcile ${at}`, node);
    return true;
  }

  #countChanges(before: Records, after: Records): void {
    for (const { id, stage } of after.deployments) {
      const was = before.deployments.find((record) => record.id === id)?.stage.phase;
      if (was !== undefined && was !== stage.phase) this.#changes.add(`${was} → ${stage.phase}`);
    }
  }

  #happen(node: Node, happening: Happening, effects: readonly boolean[]): void {
    const { kind } = happening;
    if (
      node.decisions + (kind === 'Decision' ? 1 : 0) > this.#bounds.decisions ||
      node.faults + (kind === 'Fault' ? 1 : 0) > this.#bounds.faults
    ) {
      return;
    }
    const [name = ''] = happening.names;
    this.#count(node.world, happening.cmg, happening.names);
    this.#reach(happening.apply(node.world), told(name, happening.cmg), node, kind);
    for (const [at, hasEffect] of effects.entries()) {
      if (hasEffect && (happening.cmg === undefined || happening.cmg === at || node.world.claim !== undefined)) {
        this.#race(node, at, happening);
      }
    }
  }

  /** The event comes between what a reconcile sees and what it does. */
  #race(node: Node, at: number, happening: Happening): void {
    const by = `reconcile ${at}, meanwhile ${told(happening.names[0] ?? '', happening.cmg)}`;
    const { world, violations } = reconcile(node.world, at, this.#planner, { meanwhile: happening.apply });
    this.#report(violations, node, by);
    this.#reach(world, by, node, happening.kind);
  }

  #crash(node: Node, effects: readonly boolean[]): void {
    for (const [at, hasEffect] of effects.entries()) {
      if (!hasEffect) continue;
      for (const [crash, name] of Object.entries(CRASHES) as [Crash, EventName][]) {
        const { world, violations } = reconcile(node.world, at, this.#planner, { crash });
        this.#count(node.world, at, [name]);
        this.#report(violations, node, told(name, at));
        this.#reach(world, told(name, at), node, 'Fault');
      }
    }
  }

  /** What the operator, Azure, the site, clients and time do, in every order. */
  #step(world: World, by: string, from: Node): void {
    if (!this.#bounds.isShallow) {
      this.#reach(world, by, from);
    }
  }

  #reach(world: World, by: string, from: Node | undefined, kind?: Happening['kind']): void {
    this.#transitions++;
    const state = this.#stateOf(keyOf(world));
    const decisions = (from?.decisions ?? 0) + (kind === 'Decision' ? 1 : 0);
    const faults = (from?.faults ?? 0) + (kind === 'Fault' ? 1 : 0);
    if (state.costs.some((cost) => cost.decisions <= decisions && cost.faults <= faults)) {
      return;
    }
    state.costs = [...state.costs, { decisions, faults }];
    const open = this.#open[decisions + faults] ?? [];
    this.#open[decisions + faults] = open;
    open.push({ world, state, decisions, faults, history: { by, from: from?.history } });
  }

  #stateOf(key: string): State {
    const known = this.#states.get(key);
    if (known !== undefined) {
      return known;
    }
    const state: State = { key, costs: [], isExpanded: false, isGood: false };
    this.#states.set(key, state);
    return state;
  }

  #checkGoal(node: Node): void {
    const isGood = (key: string) => this.#states.get(key)?.isGood === true;
    const { violations, path, asked } = settle(node.world, this.#planner, isGood);
    this.#report(violations, node, 'left alone');
    for (const reason of asked) this.#asked.add(reason);
    if (violations.length === 0) {
      for (const world of path) this.#stateOf(keyOf(world)).isGood = true;
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
      this.#found.push({ violation, history: [...stepsOf(node.history), by] });
    }
  }
}

const PROGRESS_EVENTS: Readonly<Record<Progress['name'], readonly EventName[]>> = {
  Provisioned: ['gateway provisioned'],
  Deleted: ['gateway deleted'],
  ClientsKnow: ['clients learn the name'],
  PointConnects: ['connection point connected'],
  PointFollows: [],
  GroupFollows: [],
};

function told(name: string, cmg: number | undefined): string {
  return cmg === undefined ? name : `${name} (${cmg === 0 ? 'one' : 'two'})`;
}

function stepsOf(history: History): readonly string[] {
  const steps: string[] = [];
  for (let at: History | undefined = history; at !== undefined; at = at.from) {
    steps.unshift(at.by);
  }
  return steps;
}
