import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel as GrafanaPanel,
  MappingType,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { RUNBOOKS } from '../rules.ts';
import type { Dashboard, Panel, Query, Variable } from './dashboard.ts';

/** Carried by all of our dashboards, so that each can list the others. */
const TAG = 'cmg-operator';
const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;

type PanelBuilder = StatBuilder | StateTimelineBuilder | TableBuilder | TimeSeriesBuilder;

/** A dashboard in the form in which Grafana imports it. */
export function grafanaDashboard(dashboard: Dashboard): object {
  const builder = new DashboardBuilder(dashboard.title)
    .uid(dashboard.uid)
    .description(dashboard.description)
    .tags([TAG])
    .refresh('1m')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('CMG').type(DashboardLinkType.Dashboards).tags([TAG]).asDropdown(true).keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'));
  for (const variable of dashboard.variables) builder.withVariable(grafanaVariable(variable));
  let id = 0;
  for (const row of dashboard.rows) {
    id += 1;
    builder.withRow(new RowBuilder(row.title).id(id));
    for (const panel of row.panels) {
      id += 1;
      builder.withPanel(grafanaPanel(panel, id));
    }
  }
  return builder.build();
}

function grafanaVariable({ name, label, series, several }: Variable): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ qryType: 1, query: `label_values(${series}, ${name})`, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(several)
    .includeAll(several);
  return several ? variable.allValue('.*').current({ text: 'All', value: '$__all', selected: true }) : variable;
}

function grafanaPanel(panel: Panel, id: number): Builder<GrafanaPanel> {
  const builder = shaped(panel)
    .id(id)
    .title(panel.title)
    .description(withLinks(panel.description))
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .span(panel.width)
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps([
          { value: null, color: panel.base ?? 'green' },
          ...(panel.thresholds ?? []).map(({ from, colour }) => ({ value: from, color: colour })),
        ]),
    )
    .mappings(mappingsOf(panel));
  if (panel.nothing !== undefined) builder.noValue(panel.nothing);
  for (const [series, colour] of Object.entries(panel.colours ?? {})) {
    builder.overrideByName(series, [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }]);
  }
  for (const [at, query] of panel.queries.entries()) builder.withTarget(target(panel, query, at));
  return builder;
}

/** Names of alerts lead to their runbooks. */
function withLinks(description: string): string {
  return description.replaceAll(/\bCmg(?:Operator|Gateway)\w+/g, (name) => `[${name}](${RUNBOOKS}/${name}.md)`);
}

function mappingsOf({ words }: Panel): ValueMapping[] {
  const options = Object.entries(words ?? {}).map(([value, { text, colour }]) => [value, { text, color: colour }]);
  return words === undefined ? [] : [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
}

/** Refers to a query from transformations and overrides. */
const refId = (at: number) => String.fromCharCode('A'.charCodeAt(0) + at);

function target({ shape }: Panel, { expression, legend }: Query, at: number): DataqueryBuilder {
  const query = new DataqueryBuilder().expr(expression).refId(refId(at)).legendFormat(legend);
  switch (shape) {
    case 'Number':
      return query.instant();
    case 'Table':
      return query.instant().format(PromQueryFormat.Table);
    case 'Lines':
    case 'StackedLines':
    case 'States':
      return query.range();
    default:
      return shape satisfies never;
  }
}

function shaped(panel: Panel): PanelBuilder {
  switch (panel.shape) {
    case 'Number':
      return new StatBuilder()
        .height(4)
        .colorMode(BigValueColorMode.Value)
        .graphMode(BigValueGraphMode.None)
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
    case 'States':
      return new StateTimelineBuilder()
        .height(6)
        .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
        .mergeValues(true)
        .legend(legend(false));
    case 'Table':
      return table(panel);
    case 'Lines':
      return lines();
    case 'StackedLines':
      return lines().stacking(new StackingConfigBuilder().mode(StackingMode.Normal)).fillOpacity(25);
    default:
      return panel.shape satisfies never;
  }
}

function lines(): TimeSeriesBuilder {
  return new TimeSeriesBuilder()
    .height(8)
    .min(0)
    .lineWidth(2)
    .fillOpacity(5)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(legend(true))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
}

function legend(shown: boolean): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(shown)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
}

/** One row for each gateway, with a column for each query, those that are not Ready first. */
function table({ queries }: Panel): TableBuilder {
  const heads = queries.map((query, at) => [`Value #${refId(at)}`, query.legend] as const);
  const names = { namespace: 'Namespace', name: 'Gateway', ...Object.fromEntries(heads) };
  const builder = new TableBuilder()
    .height(8)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(Object.keys(names).map((name, at) => [name, at])),
        renameByName: names,
      },
    })
    .withTransformation({ id: 'sortBy', options: { sort: [{ field: queries[0]?.legend ?? '', desc: false }] } })
    .overrideByName('Gateway', [linkToGateway()]);
  for (const { legend: head, unit } of queries) {
    // A column with a unit shows its number, and no word.
    const own: DynamicConfigValue[] =
      unit === undefined
        ? []
        : [
            { id: 'unit', value: unit },
            { id: 'mappings', value: [] },
          ];
    if (own.length > 0) builder.overrideByName(head, own);
  }
  return builder;
}

function linkToGateway(): DynamicConfigValue {
  const filledIn = (name: string) => `\${${name}}`;
  const choices = {
    namespace: filledIn('__data.fields.Namespace'),
    name: filledIn('__data.fields.Gateway'),
    datasource: filledIn('datasource'),
  };
  const query = Object.entries(choices).map(([name, value]) => `var-${name}=${value}`);
  return { id: 'links', value: [{ title: 'This gateway', url: `/d/cmg-gateway?${query.join('&')}` }] };
}
