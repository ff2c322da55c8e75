import type { JsonObject, JsonValue } from '../../../src/json.ts';

/** What a rule found wrong in one object. */
export interface RuleViolation {
  /** The property at fault, by name within the object. */
  readonly property: string;
  readonly message: string;
  /** Azure's own error code, where the provider has one for this mistake. */
  readonly code?: string;
  /** The property is missing, rather than wrong. */
  readonly missing?: true;
}

/** Looks at one object of a body, and at nothing outside it. */
export type BodyRule = (object: JsonObject) => readonly RuleViolation[];

/**
 * Rules that Microsoft's definitions state in the description of a property only, so that no mapper carries them. Keyed
 * by the object they speak about: a model class, with `.properties` when they speak about its bag.
 */
export const bodyRules: Readonly<Record<string, readonly BodyRule[]>> = {
  NetworkSecurityGroup: [uniqueNames('properties.securityRules', 'DuplicateResourceName')],
  'NetworkSecurityGroup.properties': [uniquePriorities],
  'SecurityRule.properties': [
    requires('protocol', 'access', 'priority', 'direction'),
    eitherOf('sourcePortRange', 'sourcePortRanges'),
    eitherOf('destinationPortRange', 'destinationPortRanges'),
    eitherOf('sourceAddressPrefix', 'sourceAddressPrefixes', 'sourceApplicationSecurityGroups'),
    eitherOf('destinationAddressPrefix', 'destinationAddressPrefixes', 'destinationApplicationSecurityGroups'),
    priority,
    ports('sourcePortRange', 'sourcePortRanges'),
    ports('destinationPortRange', 'destinationPortRanges'),
  ],
  VirtualNetwork: [uniqueNames('properties.subnets', 'DuplicateResourceName')],
  'VirtualNetwork.properties': [requires('addressSpace')],
  'Subnet.properties': [eitherOf('addressPrefix', 'addressPrefixes')],
  'PublicIPAddress.properties': [range('idleTimeoutInMinutes', 4, 30, 'IdleTimeoutInMinutesOutOfRange')],
  PublicIPAddressDnsSettings: [
    pattern('domainNameLabel', /^[a-z][a-z0-9-]{1,61}[a-z0-9]$/, 'InvalidDomainNameLabel', (value) => {
      return `The domain name label ${value} is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.`;
    }),
  ],
  LoadBalancer: [
    'frontendIPConfigurations',
    'backendAddressPools',
    'probes',
    'loadBalancingRules',
    'inboundNatRules',
  ].map((list) => uniqueNames(`properties.${list}`, 'DuplicateResourceName')),
  'Probe.properties': [
    requires('protocol', 'port'),
    range('port', 1, 65_535),
    range('intervalInSeconds', 5, 2_147_483_646),
    probePath,
  ],
  'LoadBalancingRule.properties': [
    requires('protocol', 'frontendPort', 'frontendIPConfiguration'),
    range('frontendPort', 0, 65_534),
    range('backendPort', 0, 65_535),
    range('idleTimeoutInMinutes', 4, 30, 'LoadBalancingRuleIdleTimeoutInMinutesOutOfRange'),
  ],
  'InboundNatRule.properties': [
    requires('protocol', 'backendPort', 'frontendIPConfiguration'),
    // Azure itself shows 0 for a rule with a range.
    range('frontendPort', 0, 65_534),
    range('frontendPortRangeStart', 1, 65_534),
    range('frontendPortRangeEnd', 1, 65_534),
    range('backendPort', 1, 65_535),
    range('idleTimeoutInMinutes', 4, 30),
    natRange,
  ],
  VaultProperties: [
    requires('sku'),
    range('softDeleteRetentionInDays', 7, 90),
    (vault) =>
      vault.enablePurgeProtection === false
        ? [
            {
              property: 'enablePurgeProtection',
              message:
                'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.',
            },
          ]
        : [],
  ],
  'StorageAccountCreateParameters.properties': [tlsVersion],
  'StorageAccountUpdateParameters.properties': [tlsVersion],
  'RoleAssignmentCreateParameters.properties': [
    (assignment) =>
      ['2.0', undefined, null].includes(assignment.conditionVersion as string | null | undefined)
        ? []
        : [{ property: 'conditionVersion', message: "Currently the only accepted value is '2.0'." }],
  ],
  AutomaticRepairsPolicy: [duration('gracePeriod', 600, 5_400)],
  VirtualMachineScaleSetExtensionProfile: [duration('extensionsTimeBudget', 900, 7_200)],
  RollingUpgradePolicy: [duration('pauseTimeBetweenBatches', 0, Number.POSITIVE_INFINITY)],
  VirtualMachineScaleSetOSProfile: [computerNamePrefix, adminUsername, adminPassword],
  VirtualMachineScaleSetOSDisk: [
    (disk) =>
      disk.createOption === 'FromImage'
        ? []
        : [
            {
              property: 'createOption',
              message: "Required parameter 'createOption' must be FromImage for a scale set.",
            },
          ],
  ],
};

function requires(...names: readonly string[]): BodyRule {
  return (object) =>
    names
      .filter((name) => isAbsent(object[name]))
      .map((property) => ({ property, message: `Required property '${property}' not found in JSON.`, missing: true }));
}

function eitherOf(...names: readonly string[]): BodyRule {
  return (object) =>
    names.every((name) => isAbsent(object[name]) || isEmptyList(object[name]))
      ? [
          {
            property: names[0] ?? '',
            message: `Required property '${names[0]}' not found in JSON.`,
            missing: true,
          },
        ]
      : [];
}

function range(property: string, low: number, high: number, code?: string): BodyRule {
  return (object) => {
    const value = object[property];
    if (typeof value !== 'number' || (value >= low && value <= high)) return [];
    const message = `The value ${value} of property ${property} is outside the range ${low}-${high}.`;
    return [{ property, message, ...(code === undefined ? {} : { code }) }];
  };
}

function pattern(property: string, expected: RegExp, code: string, message: (value: string) => string): BodyRule {
  return (object) => {
    const value = object[property];
    return typeof value !== 'string' || expected.test(value) ? [] : [{ property, code, message: message(value) }];
  };
}

function duration(property: string, low: number, high: number): BodyRule {
  return (object) => {
    const value = object[property];
    if (typeof value !== 'string') return [];
    const seconds = iso8601Seconds(value);
    return seconds !== undefined && seconds >= low && seconds <= high
      ? []
      : [{ property, message: `The value '${value}' of parameter '${property}' is invalid.` }];
  };
}

/** The length of an ISO 8601 duration of days and smaller units, in seconds; `undefined` when it is none. */
function iso8601Seconds(text: string): number | undefined {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (match === null || text === 'P' || text.endsWith('T')) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}

function uniqueNames(path: string, code: string): BodyRule {
  const [bag = '', list = ''] = path.split('.');
  return (object) => {
    const names = itemsOf(asObject(object[bag])[list]).map((item) => item.name);
    const missing = names.findIndex((name) => typeof name !== 'string' || name === '');
    if (missing !== -1) {
      const property = `${path}[${missing}].name`;
      return [
        { property, code: 'MissingJsonReferenceId', message: `Value for reference name is missing. Path ${property}.` },
      ];
    }
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    return repeated === undefined
      ? []
      : [
          {
            property: path,
            code,
            message: `Resource ${object.id ?? ''} has two child resources with the same name (${repeated}).`,
          },
        ];
  };
}

function uniquePriorities(group: JsonObject): RuleViolation[] {
  const seen = new Map<string, string>();
  for (const rule of itemsOf(group.securityRules)) {
    const { priority: value, direction } = asObject(rule.properties);
    const place = `${String(direction).toLowerCase()} ${value}`;
    const other = seen.get(place);
    if (other !== undefined) return [securityRuleConflict(other, String(rule.name))];
    seen.set(place, String(rule.name));
  }
  return [];
}

/** Two rules of one network security group share priority and direction. */
export function securityRuleConflict(first: string, second: string): RuleViolation {
  return {
    property: 'securityRules',
    code: 'SecurityRuleConflict',
    message: `Security rule ${first} conflicts with rule ${second}. Rules cannot have the same Priority and Direction. To learn more, see aka.ms/nsgrules.`,
  };
}

function priority(rule: JsonObject): RuleViolation[] {
  const value = rule.priority;
  return typeof value !== 'number' || (value >= 100 && value <= 4096)
    ? []
    : [
        {
          property: 'priority',
          code: 'SecurityRuleInvalidPriority',
          message: `Security rule has invalid priority. Value provided: ${value} Allowed range 100-4096.`,
        },
      ];
}

function ports(single: string, plural: string): BodyRule {
  return (rule) => {
    const values = [rule[single], ...(Array.isArray(rule[plural]) ? (rule[plural] as readonly JsonValue[]) : [])];
    const wrong = values.find((value) => typeof value === 'string' && !isPortRange(value));
    return wrong === undefined
      ? []
      : [
          {
            property: single,
            code: 'SecurityRuleInvalidPortRange',
            message: `Security rule has invalid Port range. Value provided: ${wrong}. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.`,
          },
        ];
  };
}

function isPortRange(text: string): boolean {
  if (text === '*') return true;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const [low, high] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  return match !== null && low <= high && high <= 65_535;
}

function probePath(probe: JsonObject): RuleViolation[] {
  const { protocol, requestPath } = probe;
  if (protocol === 'Tcp' && !isAbsent(requestPath)) {
    return [{ property: 'requestPath', message: 'Request path is not allowed for a Tcp probe.' }];
  }
  return (protocol === 'Http' || protocol === 'Https') && isAbsent(requestPath)
    ? [{ property: 'requestPath', message: `Request path is required for a ${protocol} probe.`, missing: true }]
    : [];
}

/** A range of frontend ports serves a backend pool; a single port serves one network interface. */
function natRange(rule: JsonObject): RuleViolation[] {
  const { frontendPort, frontendPortRangeStart: start, frontendPortRangeEnd: end, backendAddressPool: pool } = rule;
  const given = [start, end, pool].filter((value) => !isAbsent(value));
  const violation = (property: string, message: string) => [
    { property, code: 'InboundNatRulePortRangeInvalid', message },
  ];
  if (given.length === 0) {
    return isAbsent(frontendPort) || frontendPort === 0
      ? violation('frontendPort', 'An inbound NAT rule needs a frontend port.')
      : [];
  }
  if (given.length < 3 || !(isAbsent(frontendPort) || frontendPort === 0)) {
    return violation(
      'frontendPortRangeStart',
      'frontendPortRangeStart, frontendPortRangeEnd and backendAddressPool must be given together and without frontendPort.',
    );
  }
  return typeof start === 'number' && typeof end === 'number' && start > end
    ? violation('frontendPortRangeEnd', `The port range ${start}-${end} is empty.`)
    : [];
}

function tlsVersion(account: JsonObject): RuleViolation[] {
  return account.minimumTlsVersion === 'TLS1_3'
    ? [{ property: 'minimumTlsVersion', message: 'Minimum TLS version 1.3 is not supported.' }]
    : [];
}

function computerNamePrefix(profile: JsonObject): RuleViolation[] {
  const value = profile.computerNamePrefix;
  if (typeof value !== 'string') return [];
  const longest = isAbsent(profile.windowsConfiguration) ? 58 : 9;
  const sound = /^[a-zA-Z0-9][a-zA-Z0-9-]*$/.test(value) && value.length <= longest && !/^\d+$/.test(value);
  return sound
    ? []
    : [
        {
          property: 'computerNamePrefix',
          message: `Windows computer name prefix cannot be more than ${longest} characters long, be entirely numeric, or contain the following characters: \` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \\ | ; : . ' " , < > / ?.`,
        },
      ];
}

/** Names that no administrator of a machine in Azure may have. */
const DISALLOWED_USERNAMES = new Set(
  'administrator admin user user1 test user2 test1 user3 admin1 1 123 a actuser adm admin2 aspnet backup console david guest john owner root server sql support support_388945a0 sys test2 test3 user4 user5'.split(
    ' ',
  ),
);

function adminUsername(profile: JsonObject): RuleViolation[] {
  const value = profile.adminUsername;
  if (typeof value !== 'string') return [];
  const property = 'adminUsername';
  if (DISALLOWED_USERNAMES.has(value.toLowerCase())) {
    return [
      {
        property,
        message:
          'The Admin Username specified is not allowed. For more information about disallowed usernames, see https://aka.ms/vmosprofile',
      },
    ];
  }
  return value === '' || value.length > 20 || value.endsWith('.')
    ? [{ property, message: 'The Admin Username must be 1 to 20 characters long and cannot end in a period.' }]
    : [];
}

const DISALLOWED_PASSWORDS = new Set(
  'abc@123 P@$$w0rd P@ssw0rd P@ssword123 Pa$$word pass@word1 Password! Password1 Password22 iloveyou!'.split(' '),
);

function adminPassword(profile: JsonObject): RuleViolation[] {
  const value = profile.adminPassword;
  if (typeof value !== 'string') return [];
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((expected) => expected.test(value)).length;
  return value.length >= 8 && value.length <= 123 && classes >= 3 && !DISALLOWED_PASSWORDS.has(value)
    ? []
    : [
        {
          property: 'adminPassword',
          message:
            'The supplied password must be between 8-123 characters long and must satisfy at least 3 of password complexity requirements from the following: 1) Contains an uppercase character 2) Contains a lowercase character 3) Contains a numeric digit 4) Contains a special character 5) Control characters are not allowed',
        },
      ];
}

function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null;
}

function isEmptyList(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.length === 0;
}

function asObject(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function itemsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}
