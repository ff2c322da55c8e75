/** The files that a VM has downloaded before its setup begins. */
export interface SetupCommandFiles {
  readonly packageName: string;
  /** In lower-case hexadecimal digits. */
  readonly packageSha256: string;
  readonly settingsName: string;
  /** In lower-case hexadecimal digits. */
  readonly settingsSha256: string;
}

/**
 * Checks both files once more, as the package runs with all rights in the VM, unpacks it and tells its setup where the
 * settings are. What the setup says about itself in its status file becomes the last line of the output, where Azure
 * shows it, even when the setup throws; its exit code becomes the extension's.
 */
export function setupCommand({ packageName, packageSha256, settingsName, settingsSha256 }: SetupCommandFiles): string {
  const script = [
    "$ErrorActionPreference = 'Stop'",
    throwUnless(packageName, packageSha256, 'The service package is not the expected one.'),
    throwUnless(settingsName, settingsSha256, 'The settings are not the expected ones.'),
    `Expand-Archive -Force ${packageName} cmg`,
    `try { & ./cmg/setup.ps1 -SettingsFile ./${settingsName} } finally { ${SHOW_STATUS} }`,
    'exit $LASTEXITCODE',
  ];
  return `powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "${script.join('; ')}"`;
}

const SHOW_STATUS = 'if (Test-Path ./cmg/status.json) { Get-Content ./cmg/status.json -Encoding UTF8 }';

function throwUnless(file: string, sha256: string, message: string): string {
  return `if ((Get-FileHash ${file} -Algorithm SHA256).Hash -ne '${sha256}') { throw '${message}' }`;
}
