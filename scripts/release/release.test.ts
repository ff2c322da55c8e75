import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { extract } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { NODE_ENVIRONMENT, NODE_FLAGS } from '../build.ts';
import { copiedFiles, readStages, valuesOf } from './dockerfile.ts';
import { finalStage, imageConfig, stageNamed } from './image-tree.ts';
import { makeRelease } from './main.ts';

const ROOT = join(import.meta.dirname, '../..');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('the Dockerfile', () => {
  const stages = readStages(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  const final = finalStage(ROOT);

  it('runs Node with the flags and variables that the operator is measured with', () => {
    const { entrypoint, environment, user } = imageConfig(finalStage(ROOT));
    expect(entrypoint).toEqual([
      '/nodejs/bin/node',
      '--max-old-space-size-percentage=70',
      ...NODE_FLAGS,
      '/app/cmg-operator.mjs',
    ]);
    expect(environment).toEqual({ NODE_ENV: 'production', ...NODE_ENVIRONMENT });
    expect(user).toBe('65532:65532');
  });

  it('labels the image with what it is, as OCI names it', () => {
    const labels = Object.fromEntries(
      [
        ...valuesOf(final, 'LABEL')
          .join(' ')
          .matchAll(/(\S+)="([^"]*)"/g),
      ].map(([, name, value]) => [name, value]),
    );
    const prefix = 'org.opencontainers.image';
    expect(labels).toEqual({
      [`${prefix}.title`]: packageJson.name,
      [`${prefix}.description`]: expect.stringMatching(/Configuration Manager/),
      [`${prefix}.licenses`]: packageJson.license,
      [`${prefix}.version`]: expect.stringMatching(/^\$\{VERSION\}$/),
      [`${prefix}.revision`]: expect.stringMatching(/^\$\{REVISION\}$/),
    });
    expect(valuesOf(final, 'ARG').map((value) => value.split('=')[0])).toEqual(['VERSION', 'REVISION']);
  });

  it('builds with the Node that everything is tested with, and runs on the same major version without a shell', () => {
    const version = packageJson.devDependencies.node;
    const [built, run] = [stageNamed(ROOT, 'dependencies'), stageNamed(ROOT, 'base')];
    expect(built.base).toBe(`docker.io/library/node:${version}-bookworm-slim`);
    expect(run.base).toBe(`gcr.io/distroless/nodejs${version.split('.')[0]}-debian12:nonroot`);
    expect([stageNamed(ROOT, 'build').base, stageNamed(ROOT, 'kerberos').base]).toEqual([
      'dependencies',
      'dependencies',
    ]);
    expect(final.base).toBe('base');
    expect([run, final].flatMap((stage) => valuesOf(stage, 'RUN'))).toEqual([]);
  });

  it('copies all that the bundle is made from', () => {
    const checkout = join(folder, 'checkout');
    const copied = [stageNamed(ROOT, 'dependencies'), stageNamed(ROOT, 'build')];
    for (const value of copied.flatMap((stage) => valuesOf(stage, 'COPY'))) {
      const paths = value.split(' ').slice(0, -1);
      for (const path of paths) cpSync(join(ROOT, path), join(checkout, path), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
    // It ends by running what it has made.
    const said = execFileSync(process.execPath, ['scripts/build.ts'], { cwd: checkout, encoding: 'utf8' });
    expect(said).toMatch(/^dist\/cmg-operator\.mjs \d/);
  }, 60_000);

  it('lets nothing of the checkout into the build but what is copied', () => {
    const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = stages.flatMap((stage) => valuesOf(stage, 'COPY'));
    const sources = copied
      .filter((value) => !value.startsWith('--from='))
      .flatMap((value) =>
        value
          .split(' ')
          .slice(0, -1)
          .map((path) => path.replace(/\/$/, '')),
      );
    expect(allowed.toSorted()).toEqual(sources.toSorted());
    for (const path of allowed) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });
});

describe('a release', () => {
  it('is the same each time it is made', async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    const files = await makeRelease(ROOT, first);
    await makeRelease(ROOT, second);
    expect(readdirSync(first).sort()).toEqual([...files].sort());
    expect(files.map((file) => sha256(join(second, file)))).toEqual(files.map((file) => sha256(join(first, file))));
    const sums = readFileSync(join(first, 'SHA256SUMS'), 'utf8').trim().split('\n');
    expect(sums).toEqual(files.slice(0, -1).map((file) => `${sha256(join(first, file))}  ${file}`));
  }, 120_000);

  it('has an image of the operator and its program for Kerberos, with what their licences ask for, of less than 6 MB', () => {
    expect(copiedFiles(finalStage(ROOT)).map(({ target }) => target)).toEqual([
      '/app/cmg-operator.mjs',
      '/app/cmg-operator-tickets.mjs',
      '/app/cmg-operator.mjs.LEGAL.txt',
      '/app/LICENSE',
    ]);
    expect(statSync(join(ROOT, 'dist/cmg-operator.mjs')).size).toBeLessThan(6_000_000);
  });

  it('has the plugin of kubectl, which runs alone, with what its licences ask for and what it consists of', async () => {
    const made = join(folder, 'plugin');
    mkdirSync(made);
    await extract({ file: join(folder, 'first', `kubectl-cmg-${packageJson.version}.tgz`), cwd: made });
    expect(readdirSync(made).sort()).toEqual(['LEGAL.txt', 'LICENSE', 'kubectl-cmg', 'kubectl-cmg.cdx.json']);
    const said = execFileSync(process.execPath, [join(made, 'kubectl-cmg'), '--version'], { encoding: 'utf8' });
    expect(said).toBe(`kubectl-cmg ${packageJson.version}\n`);
    const text = readFileSync(join(made, 'kubectl-cmg.cdx.json'), 'utf8');
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text)).toBeNull();
    const names = (JSON.parse(text) as { components: { name: string }[] }).components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['undici', 'yaml']));
    expect(names.filter((name) => name.startsWith('@azure/'))).toEqual([]);
  });

  it('has a bill of materials that CycloneDX takes, of what is in the bundle', async () => {
    const file = readdirSync(join(folder, 'first')).find((name) => name.endsWith('.cdx.json')) ?? '';
    const text = readFileSync(join(folder, 'first', file), 'utf8');
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text)).toBeNull();
    const { components } = JSON.parse(text) as { components: { name: string }[] };
    const names = components.map(({ name }) => name);
    expect(components.length).toBeGreaterThan(100);
    expect(names).toEqual(expect.arrayContaining(['undici', '@azure/identity', 'pino', 'kerberos']));
    expect(names).not.toContain('typescript');
    expect(text).not.toMatch(/timestamp|https?:\/\/(?!cyclonedx\.org)/);
  });
});
