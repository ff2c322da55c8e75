import type { SiteSpec, SiteStatusDifference } from '../../api/v1alpha1/site.generated.ts';
import { isSameName } from '../../site/names.ts';
import type { ClientAuthentication, ClientFacingRole, ClientFacingRoleName } from '../../site/site.ts';

/** What was read of a site; `undefined`: it does not say, or not so that it is understood. */
export interface ObservedSettings {
  readonly roles: readonly ClientFacingRole[] | undefined;
  /** By the code of each primary site; one whose settings are not understood has the value `undefined`. */
  readonly clientAuthentication: ReadonlyMap<string, ClientAuthentication | undefined>;
  readonly allowCmg: boolean | undefined;
}

/** A change to make on the site. */
export type SettingChange =
  | {
      readonly kind: 'CmgTraffic';
      readonly server: string;
      readonly siteCode: string;
      readonly role: ClientFacingRoleName;
      readonly allowCmgTraffic: boolean;
    }
  | {
      readonly kind: 'ClientAuthentication';
      readonly siteCode: string;
      readonly usePkiCertificate?: boolean | undefined;
      readonly checkRevocationForSiteSystems?: boolean | undefined;
    }
  | { readonly kind: 'ClientSettings'; readonly allowCmg: boolean };

/** A difference, and what is to be done about it. */
export interface SettingDifference extends SiteStatusDifference {
  /** `undefined`: nothing that the operator could do. */
  readonly change: SettingChange | undefined;
  /** Why not, and what a person has to do; for differences without a change. */
  readonly advice?: string;
  /** Whether a role lacks what gateway traffic needs. */
  readonly needsHttps?: boolean;
}

const UNKNOWN = 'Unknown';

/**
 * What on a site differs from what is declared, field by field. What the spec leaves out is not looked at, and what is not
 * understood is told and never overwritten.
 */
export function settingDifferences(
  spec: Pick<SiteSpec, 'clientAuthentication' | 'clientFacingRoles' | 'clientSettings'>,
  observed: ObservedSettings,
): readonly SettingDifference[] {
  return [
    ...(spec.clientFacingRoles ?? []).flatMap((declared) => roleDifference(declared, observed)),
    ...authenticationDifferences(spec.clientAuthentication, observed),
    ...clientSettingsDifference(spec.clientSettings, observed),
  ];
}

type DeclaredRole = NonNullable<SiteSpec['clientFacingRoles']>[number];

function roleDifference(declared: DeclaredRole, observed: ObservedSettings): readonly SettingDifference[] {
  const { server, role, allowCmgTraffic } = declared;
  const base = {
    field: `spec.clientFacingRoles: ${role} on ${server}, allowCmgTraffic`,
    declared: String(allowCmgTraffic),
  };
  if (observed.roles === undefined) {
    return [{ ...base, actual: UNKNOWN, change: undefined, advice: `The site does not tell of its roles.` }];
  }
  const found = observed.roles.find((each) => each.role === role && isSameName(each.server, server));
  if (found === undefined) {
    const advice = `The site has no ${role} on ${server}. Install it, or correct spec.clientFacingRoles.`;
    return allowCmgTraffic ? [{ ...base, actual: 'Absent', change: undefined, advice }] : [];
  }
  const secure = !allowCmgTraffic || isSecure(found, observed);
  if (!secure) {
    const advice = `The ${role} on ${server} uses neither HTTPS nor Enhanced HTTP, which gateway traffic needs. Switch the role to HTTPS, or Enhanced HTTP on for the site ${found.siteCode}.`;
    return [{ ...base, actual: `${found.allowCmgTraffic}, HTTP`, change: undefined, advice, needsHttps: true }];
  }
  if (found.allowCmgTraffic === allowCmgTraffic) {
    return [];
  }
  const change: SettingChange = {
    kind: 'CmgTraffic',
    server: found.server,
    siteCode: found.siteCode,
    role,
    allowCmgTraffic,
  };
  return [{ ...base, actual: String(found.allowCmgTraffic), change }];
}

/** What is not known hinders nothing: the site itself refuses what cannot be. */
function isSecure({ protocol, siteCode }: ClientFacingRole, { clientAuthentication }: ObservedSettings): boolean {
  const site = clientAuthentication.get(siteCode);
  return protocol !== 'Http' || site === undefined || site.enhancedHttp;
}

const AUTHENTICATION_FIELDS = ['usePkiCertificate', 'checkRevocationForSiteSystems'] as const;

function authenticationDifferences(
  declared: SiteSpec['clientAuthentication'],
  { clientAuthentication }: ObservedSettings,
): readonly SettingDifference[] {
  const fields = AUTHENTICATION_FIELDS.filter((field) => declared?.[field] !== undefined);
  return [...clientAuthentication].flatMap(([siteCode, actual]) =>
    fields
      .filter((field) => actual?.[field] !== declared?.[field])
      .map((field): SettingDifference => {
        const base = {
          field: `spec.clientAuthentication.${field}: site ${siteCode}`,
          declared: String(declared?.[field]),
        };
        return actual === undefined
          ? {
              ...base,
              actual: UNKNOWN,
              change: undefined,
              advice: `How clients of the site ${siteCode} prove who they are is not known: the site does not say, or has a value that the operator does not understand. It is left alone. Look at the tab Communication Security in the properties of the site.`,
            }
          : {
              ...base,
              actual: String(actual[field]),
              change: { kind: 'ClientAuthentication', siteCode, [field]: declared?.[field] },
            };
      }),
  );
}

function clientSettingsDifference(
  declared: SiteSpec['clientSettings'],
  { allowCmg }: ObservedSettings,
): readonly SettingDifference[] {
  const wanted = declared?.allowCmg;
  if (wanted === undefined || allowCmg === wanted) {
    return [];
  }
  const base = { field: 'spec.clientSettings.allowCmg', declared: String(wanted) };
  return allowCmg === undefined
    ? [
        {
          ...base,
          actual: UNKNOWN,
          change: undefined,
          advice:
            'The default client settings do not say whether clients may use a gateway, and are left alone. Look at the group Cloud Services in them.',
        },
      ]
    : [{ ...base, actual: String(allowCmg), change: { kind: 'ClientSettings', allowCmg: wanted } }];
}

/** The changes of the differences, those of one primary site in one. */
export function settingChanges(differences: readonly SettingDifference[]): readonly SettingChange[] {
  const changes = differences.flatMap(({ change }) => change ?? []);
  const authentication = new Map<string, Extract<SettingChange, { kind: 'ClientAuthentication' }>>();
  for (const change of changes) {
    if (change.kind === 'ClientAuthentication') {
      authentication.set(change.siteCode, { ...authentication.get(change.siteCode), ...change });
    }
  }
  return [...changes.filter(({ kind }) => kind !== 'ClientAuthentication'), ...authentication.values()];
}
