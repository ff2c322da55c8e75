import type { Dashboard, Panel } from './dashboard.ts';

/** Name of a panel's picture in `docs/images/dashboards`. */
export function pictureName({ uid }: Pick<Dashboard, 'uid'>, { title }: Pick<Panel, 'title'>): string {
  const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return `${uid}-${words.join('-')}.svg`;
}
