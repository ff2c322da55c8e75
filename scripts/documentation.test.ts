import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { REASONS } from '../src/api/v1alpha1/conditions.ts';
import { HELP } from '../src/cli/command-line.ts';
import { allPages, anchorsOf, linksOf, stepsOf } from './documentation/page.ts';
import { TESTED_PAGES } from './documentation/tested-pages.ts';
import { changeClassOf } from './reference/change-class.ts';
import { namedEvents, redeploymentEvents } from './reference/events.ts';
import { cmgSchema, fieldsOf, kindSchema } from './reference/schema.ts';
import { SITE_KINDS } from './reference/site-kinds.ts';

const ROOT = dirname(import.meta.dirname);
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const pages = allPages(ROOT);
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const schema = cmgSchema(ROOT);
const fields = [schema, ...SITE_KINDS.map(({ plural }) => kindSchema(ROOT, plural))].flatMap((each) => [
  ...fieldsOf(each, 'spec'),
  ...fieldsOf(each, 'status'),
]);

/** Condition types, reasons and events: the words in CamelCase that pages may set as code. */
const KNOWN_WORDS = new Set([
  ...Object.keys(REASONS),
  ...[...namedEvents(ROOT), ...redeploymentEvents()].map(({ reason }) => reason),
  ...[
    'Ready',
    'Reconciling',
    'Stalled',
    'CertificateValid',
    'PrerequisitesMet',
    'AzureReady',
    'ServiceHealthy',
    'InSync',
    'SiteRegistered',
    'ConnectionPointReady',
    'Redeploying',
    'Reachable',
    'ReferencesResolved',
    'Linked',
    'Connected',
    'Associated',
    'ConnectionPoint',
    'BoundaryGroupReference',
    'Site',
  ],
]);

describe.each(pages)('%s', (page, text) => {
  test('links only to what is there', () => {
    const broken = linksOf(text).filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
      return !existsSync(file) || (anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).has(anchor));
    });
    expect(broken).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    const named = [...text.matchAll(/\bnpm run ([a-z][a-z:]*)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('names only files of the project that exist', () => {
    const named = [...text.matchAll(/`((?:src|test|scripts|docs|crds|charts|deploy)\/[\w./-]*\w(?:\.\w+|\/)?)`/g)].map(
      ([, path = '']) => path,
    );
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names only fields that exist', () => {
    const named = [...text.matchAll(/`((?:spec|status)\.[A-Za-z0-9.[\]]+)`/g)].map(([, path = '']) =>
      path.replaceAll(/\[\d*\]/g, '[]'),
    );
    expect(named.filter((path) => !isField(path))).toEqual([]);
  });
});

function isField(path: string): boolean {
  return fields.some((field) => field.path === path || field.path === path.replace(/\[\]$/, ''));
}

describe('commands', () => {
  test.each(pages.filter(([path]) => path.startsWith('docs/')))(
    'of %s are run by a test or say what they need',
    (path, text) => {
      const run = stepsOf(text).filter(({ kind }) => kind === 'Commands');
      const tested = path in TESTED_PAGES;
      expect(run.length === 0 || tested, `${path} has commands: name it in scripts/documentation/tested-pages.ts`).toBe(
        true,
      );
    },
  );

  test('are run of pages that exist', () => {
    const missing = Object.keys(TESTED_PAGES).filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });
});

test('docs/README.md leads to every page of what there is', () => {
  const linked = new Set(linksOf(textOf('docs/README.md')).map((target) => join('docs', target.split('#')[0] ?? '')));
  const lost = pages
    .map(([path]) => path)
    // A runbook is reached from its alert, and from the page on monitoring.
    .filter((path) => path.startsWith('docs/') && path !== 'docs/README.md' && !path.startsWith('docs/runbooks/'))
    .filter((path) => !linked.has(path));
  expect(lost).toEqual([]);
});

test('docs/how-to/modify.md says of every field what a change of it does', () => {
  const text = textOf('docs/how-to/modify.md');
  const parents = (path: string) => path.split('.').map((_, at, parts) => parts.slice(0, at + 1).join('.'));
  const silent = fieldsOf(schema, 'spec')
    .filter(({ hasFields }) => !hasFields)
    .filter(({ path }) => !parents(path).some((name) => text.includes(`\`${name}\``)))
    .map(({ path }) => path);
  expect(silent).toEqual([]);
});

test('docs/how-to/modify.md says of those fields that they redeploy whose change asks for another gateway', () => {
  const row = textOf('docs/how-to/modify.md')
    .split('\n')
    .find((line) => line.includes('**Another gateway.**'));
  const told = [...(row?.matchAll(/`(spec\.[A-Za-z.]+)`/g) ?? [])].map(([, path = '']) => path);
  const redeploys = fieldsOf(schema, 'spec')
    .filter((field) => !field.hasFields && changeClassOf(field) === 'redeploys')
    .map(({ path }) => path);
  expect(told.toSorted()).toEqual(redeploys.toSorted());
});

test('docs/how-to/plan.md has the exit codes in the words of the program', () => {
  const text = textOf('docs/how-to/plan.md').replaceAll('`', '');
  const codes = [...HELP.matchAll(/^ {2}(\d) {2}(.+)$/gm)].map(([, code, when]) => `| ${code} | ${when} |`);
  expect(codes.length).toBeGreaterThan(3);
  expect(codes.filter((row) => !text.includes(row))).toEqual([]);
});

test('docs/how-to/troubleshoot.md has every reason', () => {
  const text = textOf('docs/how-to/troubleshoot.md');
  expect(Object.keys(REASONS).filter((reason) => !text.includes(`\`${reason}\``))).toEqual([]);
});

test('docs/explanation/security.md says of every right in Kubernetes what it is for', () => {
  const told = new Map<string, Set<string>>();
  const rows = textOf('docs/explanation/security.md').matchAll(/^\| `([a-z./0-9]+)` \| ([a-z, ]+) \|/gm);
  for (const [, resource = '', verbs = ''] of rows) {
    told.set(resource, new Set([...(told.get(resource) ?? []), ...verbs.split(', ')]));
  }
  const granted = new Map<string, Set<string>>();
  for (const { apiGroups, resources, verbs } of operatorRules()) {
    for (const resource of resources) {
      const name = apiGroups[0] === '' ? resource : `${resource}.${apiGroups[0]}`;
      granted.set(name, new Set([...(granted.get(name) ?? []), ...verbs]));
    }
  }
  const sorted = (rights: ReadonlyMap<string, ReadonlySet<string>>) =>
    [...rights].map(([name, verbs]) => `${name}: ${[...verbs].toSorted().join(', ')}`).toSorted();
  expect(sorted(told)).toEqual(sorted(granted));
});

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What the manifests in `deploy/` grant to the operator itself. */
function operatorRules(): readonly Rule[] {
  return ['operator-role.yaml', 'leader-election-role.yaml', 'cluster-identity-role.yaml'].flatMap((name) =>
    parseAllDocuments(textOf(`deploy/base/${name}`)).flatMap(
      (document): readonly Rule[] => document.toJS().rules ?? [],
    ),
  );
}

describe('docs/coverage.md', () => {
  const rows = [...textOf('docs/coverage.md').matchAll(/^\| (\d+) \|([^|]*)\|([^|]*)\|$/gm)].map(
    ([, id = '', point = '', answer = '']) => ({ id: Number(id), point: point.trim(), answer: answer.trim() }),
  );

  test('has all 67 points of the article, once, in their order', () => {
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 67 }, (_, at) => at + 1));
  });

  test.each(rows)('answers point $id', ({ point, answer }) => {
    expect(point).not.toBe('');
    // A field, a condition, a reason or a command; a page; what is planned; why not; or why nothing is to be done.
    expect(answer).toMatch(/`[^`]+`|\]\(|Planned: settings|^Not done: .{20}|^Nothing to (?:do|choose): .{10}/s);
    const words = [...answer.matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, word = '']) => word);
    expect(words.filter((word) => !KNOWN_WORDS.has(word) && word !== 'CMG')).toEqual([]);
  });

  test('says what is planned in the words that it explains', () => {
    const named = rows.flatMap(({ answer }) =>
      [...answer.matchAll(/\bplanned: ([a-z ]+)/gi)].map(([, what = '']) => what.trim()),
    );
    expect([...new Set(named)].toSorted()).toEqual(['settings']);
  });
});
