import type { SiteOperation, Standing } from '../../src/site/operations.ts';
import { OPERATION_FORMS, type OperationForm } from '../../src/site/standings.ts';
import { code, page, table } from './markdown.ts';

/** What each operation is for, in the order of the page. */
export const TITLES: Readonly<Record<SiteOperation, string>> = {
  ReadIdentity: 'Which site it is, its type and version',
  ReadServiceRecords: "The site's records of gateways",
  ReadConnectionPoints: 'Connection points, what they are linked to and whether they are connected',
  ReadBoundaryGroups: 'Boundary groups, and whether clients in them prefer cloud sources',
  ReadBoundaryGroupMembers: 'References of a boundary group',
  ReadClientFacingRoles: 'Management points and software update points, and whether they take gateway traffic',
  ReadClientAuthentication: 'How clients of a primary site prove who they are',
  ReadClientSettings: 'Whether clients may use a gateway, by the default client settings',
  ReadDevices: 'All devices, for the question whether clients have moved to another gateway',
  ReadContent: 'What the distribution point of a gateway holds, while another one takes its place',
  RegisterService: "Make the site's record of a gateway that the operator built",
  UnregisterService: 'Remove a gateway from the site',
  CreateService: 'Have the site make a gateway',
  ChangeService: 'Have the site change a gateway that it made',
  StartService: 'Start a gateway',
  StopService: 'Stop a gateway',
  AddConnectionPoint: 'Install a connection point',
  LinkConnectionPoint: 'Link a connection point to another gateway',
  RemoveConnectionPoint: 'Remove a connection point',
  AddBoundaryGroupMember: 'Reference a gateway in a boundary group',
  RemoveBoundaryGroupMember: 'Take a gateway out of a boundary group',
  SetPreferCloudSources: 'Have clients of a boundary group prefer cloud sources, or not',
  SetCmgTraffic: 'Allow gateway traffic to a role, or not',
  SetClientAuthentication: 'Set how clients of a primary site prove who they are',
  SetClientSettings: 'Let clients use a gateway, or not, by the default client settings',
  DistributeContent: 'Distribute content to the gateway that takes the place of another one',
};

const STANDING: Readonly<Record<Standing, string>> = {
  Documented: 'documented',
  SeenInPublicCode: 'seen in public code',
  Inferred: '**inferred**',
};

const INTRODUCTION = `# What the operator does on a site

Microsoft documents how a person sets up a gateway's side of a Configuration Manager site: in the console, and by cmdlets. Of
the AdminService, the site's programming interface, it documents a part. This page says of each request how well its form is
known:

- **documented**: Microsoft describes it.
- **seen in public code**: somebody's public code calls it so. It works for them; nobody promises that it will tomorrow.
- **inferred**: concluded from the other two, and not proven against a site of production.

What is only inferred is read all the same, as reading changes nothing, and what comes back is checked. It is **written only where
the Site says \`allowUnproven: true\`**. Of several ways the one that is known best is taken. What no way is left for becomes a
manual step: the status has the exact line to run, and the operator sees by reading that it was done.

How the operator writes: it reads the instance by its key, changes the one property, and sends back everything that it read, known
or not, under the condition that nobody has changed it meanwhile. It writes nothing that is as wanted already.`;

const LIMITS = `## Limits and accounts

A site takes 200 requests from one address (documented). The operator sends at most 4 at a time and on average 100 a second, of
which at most 40 are for devices and content, 500 rows in each, and shares what it reads between all gateways of the site. When a site asks for fewer, nothing is sent for as long as it says.

With a bearer token the route is \`AdminService_TokenAuth\` (seen in public code), with Kerberos it is \`AdminService\` (documented).
The certificate of the site is always checked, by the authorities that the Site names. The account needs the rights of what it is
to do in Configuration Manager; one that may only read is enough for everything but writes.`;

/** The page of what is read and changed on a site, with how well each form is known. */
export function siteOperationsPage(): string {
  const reads = OPERATION_FORMS.filter(({ operation }) => operation.startsWith('Read'));
  const writes = (Object.keys(TITLES) as SiteOperation[])
    .filter((operation) => !operation.startsWith('Read'))
    .flatMap((operation) => OPERATION_FORMS.filter((form) => form.operation === operation));
  return page(
    'src/site/standings.ts',
    INTRODUCTION,
    '## What is read',
    table(['What', 'Request', 'Standing', 'Because'], reads.map(rowOf)),
    '## What is changed',
    table(['What', 'Request or cmdlet', 'Standing', 'Because'], writes.map(rowOf)),
    LIMITS,
  );
}

function rowOf({ operation, form, standing, because }: OperationForm): readonly string[] {
  return [TITLES[operation], code(form), STANDING[standing], because];
}
