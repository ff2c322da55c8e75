import { DASHBOARDS } from '../monitoring/dashboards/all.ts';
import type { Dashboard, Panel } from '../monitoring/dashboards/dashboard.ts';
import { pictureName } from '../monitoring/dashboards/picture-name.ts';
import { page } from './markdown.ts';

const INTRODUCTION = `# Dashboards

Three dashboards for Grafana 11 and newer. [Monitor a gateway](../how-to/monitor.md#dashboards) tells how to get them there. They
need nothing but the operator's own [metrics](metrics.md).

The pictures show three gateways in a simulated Azure that runs sixty times as fast as time: two are made; a third comes with a
mistake, which is corrected; one is scaled out; somebody changes Azure twice; Azure asks for patience; a certificate is renewed;
another gateway takes the place of one; and the replica that leads is killed. Each is drawn from what the panel's own queries find.`;

/** The page of dashboards, with a picture of each panel. */
export function dashboardsPage(): string {
  return page('scripts/monitoring/dashboards/', INTRODUCTION, ...DASHBOARDS.flatMap(partsOf));
}

function partsOf(dashboard: Dashboard): readonly string[] {
  const { title, description, variables, rows, uid } = dashboard;
  const choices = variables.map(({ label }) => label.toLowerCase()).join(', ');
  return [
    `## ${title}`,
    `${description} Chosen at the top: data source, ${choices}. Its id is \`${uid}\`.`,
    ...rows.flatMap((row) => [
      `### ${title}: ${row.title.toLowerCase()}`,
      ...row.panels.map((panel) => panelPart(dashboard, panel)),
    ]),
  ];
}

function panelPart(dashboard: Dashboard, panel: Panel): string {
  const picture = `![${panel.title}](../images/dashboards/${pictureName(dashboard, panel)})`;
  return `**${panel.title}.** ${withLinks(panel.description)}\n\n${picture}`;
}

/** `Runbook: CmgX` as a link to its page. */
function withLinks(description: string): string {
  return description.replaceAll(/\bCmg(?:Operator|Gateway)\w+/g, (name) => `[${name}](../runbooks/${name}.md)`);
}
