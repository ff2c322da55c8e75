import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { REASONS } from '../../src/api/v1alpha1/conditions.ts';
import { readConfig } from '../../src/config.ts';
import { OPERATION_FORMS } from '../../src/site/standings.ts';
import { changeClassOf } from './change-class.ts';
import { eventsPage, namedEvents } from './events.ts';
import { flags, variableOf } from './flags.ts';
import { generateReference, referencePages } from './main.ts';
import { allMetrics } from './metrics.ts';
import { cmgSchema, fieldsOf } from './schema.ts';
import { TITLES } from './site-operations.ts';

const ROOT = join(import.meta.dirname, '../..');
const schema = cmgSchema(ROOT);
const specFields = fieldsOf(schema, 'spec').filter(({ hasFields }) => !hasFields);
const pages = await referencePages(ROOT);

describe('the change class', () => {
  test('is "redeploys" for what a gateway keeps for its life, and for nothing else', () => {
    const redeploys = specFields.filter((field) => changeClassOf(field) === 'redeploys').map(({ path }) => path);
    expect(redeploys.toSorted()).toEqual([
      'spec.azure.environment',
      'spec.azure.region',
      'spec.azure.resourceGroup.name',
      'spec.azure.subscriptionId',
      'spec.azure.tenantId',
      'spec.deploymentModel',
      'spec.provisioner',
      'spec.serverCertificate.revision',
      'spec.serviceName',
    ]);
  });

  test.each(specFields.map((field) => [field.path, field] as const))('of %s stands in the reference', (path, field) => {
    const row = pages
      .get('docs/reference/cmg.md')
      ?.split('\n')
      .find((line) => line.startsWith(`| \`${path}\` |`));
    expect(row?.split(' | ')[3]).toBe(changeClassOf(field));
  });
});

describe('the reference', () => {
  test('has a part for each reason', () => {
    const text = pages.get('docs/reference/conditions.md');
    expect(Object.keys(REASONS).filter((reason) => !text?.includes(`\n### ${reason}\n`))).toEqual([]);
  });

  test('has every operation on a site, with each way and its standing', () => {
    const text = pages.get('docs/reference/site-operations.md') ?? '';
    expect(Object.values(TITLES).filter((title) => !text.includes(`\n| ${title} |`))).toEqual([]);
    for (const { form } of OPERATION_FORMS) expect(text).toContain(`| \`${form}\` | `);
    expect(text.match(/\*\*inferred\*\* \|/g)).toHaveLength(
      OPERATION_FORMS.filter(({ standing }) => standing === 'Inferred').length,
    );
  });

  test('has the variable of each flag that the program reads', () => {
    expect(flags().map(({ name }) => name)).toContain('drift-interval');
    const usual = { CMG_OPERATOR_INSTALLATION_ID: 'test' };
    for (const { name } of flags()) {
      const given = readConfig([], { ...usual, [variableOf(name)]: ' of no use ' });
      expect(given, name).not.toEqual(readConfig([], usual));
    }
  });

  test('has metrics of the runtime, of Azure and of the process, with type and labels', async () => {
    const found = new Map((await allMetrics(ROOT)).map((metric) => [metric.name, metric]));
    expect(found.get('workqueue_depth')).toMatchObject({
      type: 'gauge',
      labelNames: ['name', 'controller', 'priority'],
    });
    expect(found.get('cmg_operator_azure_requests_total')?.type).toBe('counter');
    expect(found.get('process_open_fds')?.type).toBe('gauge');
  });

  test('has the events that code records by name', () => {
    expect(namedEvents(ROOT).map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['Deleted', 'DriftRepaired', 'Ready', 'Retained', 'VaultNotPurged']),
    );
  });

  test('cannot be made while an event has no meaning there', () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'src/controllers'), { recursive: true });
    const source = `export const event = { type: 'Normal', reason: 'Moved', action: 'Move', note: '' };`;
    writeFileSync(join(root, 'src/controllers/move.ts'), source);
    expect(() => eventsPage(root)).toThrow(/Moved/);
  });
});

test('pages that are not current are told, and left alone by a check', async () => {
  const root = join(temporaryFolder(), 'checkout');
  mkdirSync(root);
  for (const name of ['crds', 'src', 'node_modules']) {
    symlinkSync(join(ROOT, name), join(root, name));
  }
  expect(await generateReference(root, true)).toEqual([...pages.keys()]);
  expect(await generateReference(root, true)).toEqual([...pages.keys()]);
  expect(await generateReference(root, false)).toEqual([...pages.keys()]);
  expect(await generateReference(root, true)).toEqual([]);
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'reference-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
