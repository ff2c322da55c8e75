import { rowsOf, type SimulatedClass } from '../simulated-class.ts';
import type { SiteWorld } from '../world.ts';

/** The default client settings. Microsoft says that nothing in this class should be modified, so nothing can be. */
export function defaultClientSettingsClass(world: SiteWorld): SimulatedClass {
  return {
    name: 'SMS_ClientSettingsDefault',
    key: ['SettingsID'],
    lazy: ['AgentConfigurations'],
    refusesSelect: true,
    rows: () =>
      rowsOf([
        {
          SettingsID: 0,
          Name: 'Default Client Agent Settings',
          Enabled: true,
          Priority: 10_000,
          Type: 0,
          AgentConfigurations: [
            { '@odata.type': '#AdminService.SMS_PolicyAgentConfig', AgentID: 20, PolicyRequestAssignmentTimeout: 60 },
            {
              '@odata.type': '#AdminService.SMS_CloudAgentConfig',
              AgentID: 22,
              AllowCloudDP: true,
              AllowCMG: world.clientSettings.allowCmg,
              AutoAADJoin: true,
            },
          ],
        },
      ]),
  };
}
