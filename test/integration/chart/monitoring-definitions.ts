import { type ApiClient, waitFor } from '../../cluster/api-client.ts';
import { installDefinitions } from '../../cluster/definitions.ts';
import { prometheusOperatorDefinitions } from '../../tools/prometheus-operator.ts';

/**
 * Installs the Prometheus Operator's own definitions of monitors and rules, as they are in the cluster of somebody who has it,
 * and waits until the API server has published their schemas.
 */
export async function installMonitoringDefinitions(api: ApiClient): Promise<void> {
  const names = await installDefinitions(api, await prometheusOperatorDefinitions());
  await waitFor('the schemas of the Prometheus Operator to be published', async () => {
    const { status, body } = await api.send('GET', '/openapi/v3/apis/monitoring.coreos.com/v1');
    const published = status === 200 ? Object.keys((body as { readonly paths: object }).paths) : [];
    return names.every((name) => published.some((path) => path.endsWith(`/${name.split('.')[0]}`))) || undefined;
  });
}
