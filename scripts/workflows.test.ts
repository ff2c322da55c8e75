import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../src/version.ts';

const FOLDER = join(import.meta.dirname, '../.github/workflows');

describe.each(readdirSync(FOLDER))('the workflow %s', (file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');

  test('uses actions by commit, with the version beside it', () => {
    const uses = text.split('\n').filter((line) => /^\s*-?\s*uses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('may only read unless a job says what else it may', () => {
    const { permissions } = parse(text) as { permissions: unknown };
    expect(permissions).toEqual({ contents: 'read' });
  });

  test('keeps no token in the checkout', () => {
    const { jobs } = parse(text) as {
      jobs: Record<string, { steps: { uses?: string; with?: Record<string, unknown> }[] }>;
    };
    const checkouts = Object.values(jobs)
      .flatMap(({ steps }) => steps)
      .filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const step of checkouts) expect(step.with?.['persist-credentials']).toBe(false);
  });
});

test('the workflows alone build an image, as docs/performance.md tells of its limits', () => {
  const textOf = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
  expect(textOf('.github/workflows/ci.yml')).toMatch(/run: docker build .*\n(?:.*\n)?.*docker run .* --help$/m);
  expect(textOf('.github/workflows/release.yml')).toMatch(/run: \.ci\/run\n[\s\S]*uses: docker\/build-push-action@/);
  expect(textOf('.ci/run')).not.toContain('docker');
  expect(textOf('docs/performance.md')).toContain('`.ci/run`, which the release waits for, runs the file tree');
});

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}

describe('the release', () => {
  const { jobs } = parse(readFileSync(join(FOLDER, 'release.yml'), 'utf8')) as {
    jobs: { release: { steps: readonly Step[] } };
  };
  const stepOf = (what: string, isIt: (step: Step) => boolean): Step =>
    jobs.release.steps.find(isIt) ?? expect.fail(`The release has no step that ${what}.`);

  /** Runs a step where the files of a release lie; returns what it prints, and then what it hands on. */
  function runStep({ run = '' }: Step, env: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'release-step-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'dist/release'), { recursive: true });
    const suffixes = ['-image.tar', '.tgz', '-deploy.tgz', '-crds.yaml', '.cdx.json'];
    for (const suffix of suffixes) writeFileSync(join(folder, `dist/release/cmg-operator-${VERSION}${suffix}`), '');
    const say = 'helm() { printf "%s\\n" "$@"; }';
    const output = join(folder, 'output');
    writeFileSync(output, '');
    const printed = execFileSync('bash', ['--noprofile', '--norc', '-euc', `${say}\n${run}`], {
      cwd: folder,
      env: { PATH: process.env.PATH, GITHUB_OUTPUT: output, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return printed + readFileSync(output, 'utf8');
  }

  test('gives the image the tag that the chart asks for, which is its version', () => {
    const step = stepOf('tells the version', ({ id }) => id === 'release');
    expect(runStep(step, { GITHUB_REF_NAME: `v${VERSION}` })).toBe(`version=${VERSION}\n`);
    expect(() => runStep(step, { GITHUB_REF_NAME: 'v9.9.9' })).toThrow();
    const image = stepOf('builds the image', ({ id }) => id === 'image');
    expect(image.with?.tags).toMatch(/:\$\{\{ steps\.release\.outputs\.version \}\}$/);
    expect(image.with?.['build-args']).toMatch(/^VERSION=\$\{\{ steps\.release\.outputs\.version \}\}$/m);
  });

  test('publishes the chart, and no other archive as one', () => {
    const step = stepOf('publishes the chart', ({ name }) => name === 'Publish the chart');
    const said = runStep(step, { VERSION, CHARTS: 'oci://charts' }).trim().split('\n');
    expect(said).toEqual(['push', `dist/release/cmg-operator-${VERSION}.tgz`, 'oci://charts']);
  });
});
