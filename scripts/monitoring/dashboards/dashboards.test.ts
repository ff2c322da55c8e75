import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unknownMetrics } from '../metrics-in.ts';
import { ALERT_GROUPS } from '../rules.ts';
import { DASHBOARDS } from './all.ts';
import type { Dashboard } from './dashboard.ts';
import { pictureName } from './picture-name.ts';

const ROOT = join(import.meta.dirname, '../../..');
const panelsOf = ({ rows }: Dashboard) => rows.flatMap(({ panels }) => panels);

interface GridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface GrafanaJson {
  readonly uid: string;
  readonly panels: readonly { readonly id: number; readonly title: string; readonly gridPos: GridPosition }[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

function readJson({ uid }: Dashboard): GrafanaJson {
  return JSON.parse(readFileSync(join(ROOT, `deploy/monitoring/dashboards/${uid}.json`), 'utf8'));
}

function overlap(left: GridPosition, right: GridPosition): boolean {
  return (
    left.x < right.x + right.w && right.x < left.x + left.w && left.y < right.y + right.h && right.y < left.y + left.h
  );
}

describe.each(DASHBOARDS.map((dashboard) => [dashboard.uid, dashboard] as const))('%s', (_uid, dashboard) => {
  it('asks only for metrics that the operator has', async () => {
    const expressions = panelsOf(dashboard).flatMap(({ queries }) => queries.map(({ expression }) => expression));
    const series = dashboard.variables.map((variable) => variable.series);
    expect(await unknownMetrics(ROOT, [...expressions, ...series])).toEqual([]);
  });

  it('uses only variables that it has, and all of them', () => {
    const { variables } = dashboard;
    const text = JSON.stringify([dashboard.rows, variables.map(({ series }) => series)]);
    const used = new Set([...text.matchAll(/\$([a-z]\w*)/g)].map(([, name]) => name));
    expect([...used].toSorted()).toEqual(variables.map(({ name }) => name).toSorted());
  });

  it('has panels with a title each, and no two with the same', () => {
    const titles = panelsOf(dashboard).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('names only runbooks that are there', () => {
    const alerts = new Set(ALERT_GROUPS.flatMap((group) => group.alerts.map(({ name }) => name)));
    const named = panelsOf(dashboard).flatMap(({ description }) =>
      [...description.matchAll(/\bCmg(?:Operator|Gateway)\w+/g)].map(([name]) => name),
    );
    expect(named.filter((name) => !alerts.has(name))).toEqual([]);
  });

  it('lies on the grid without a panel over another', () => {
    const { panels } = readJson(dashboard);
    for (const [at, panel] of panels.entries()) {
      expect(panel.gridPos.x + panel.gridPos.w, panel.title).toBeLessThanOrEqual(24);
      const over = panels.slice(at + 1).filter(({ gridPos }) => overlap(panel.gridPos, gridPos));
      expect(
        over.map(({ title }) => title),
        panel.title,
      ).toEqual([]);
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it('lets the data source be chosen first', () => {
    expect(readJson(dashboard).templating.list.map(({ name }) => name)).toEqual([
      'datasource',
      ...dashboard.variables.map(({ name }) => name),
    ]);
  });
});

it('every alert is named by the panel that shows what it is about', () => {
  const descriptions = DASHBOARDS.flatMap(panelsOf).map(({ description }) => description);
  const names = new Set(ALERT_GROUPS.flatMap((group) => group.alerts.map(({ name }) => name)));
  expect([...names].filter((name) => !descriptions.some((text) => text.includes(name)))).toEqual([]);
});

it('every panel has a picture in the documentation, and every picture a panel', () => {
  const wanted = DASHBOARDS.flatMap((dashboard) => panelsOf(dashboard).map((panel) => pictureName(dashboard, panel)));
  expect(readdirSync(join(ROOT, 'docs/images/dashboards')).toSorted()).toEqual(wanted.toSorted());
});
