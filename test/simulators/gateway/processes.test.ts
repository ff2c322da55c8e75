import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { isAlive } from '../../cluster/supervised-process.ts';
import type { ProgramReport } from './processes.test-program.ts';

/** A simulator with a gateway of two VMs, in a process of its own. */
async function startProgram() {
  const program = spawn(process.execPath, [`${import.meta.dirname}/processes.test-program.ts`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: program.stdout })) {
    return { program, ...(JSON.parse(line) as ProgramReport) };
  }
  throw new Error('The program has ended before it told of its processes.');
}

test('no process of a VM is left when the simulator is killed', async () => {
  const { program, serving, settingUp } = await startProgram();
  expect(serving.map(isAlive)).toEqual([true, true]);
  expect(settingUp).toHaveLength(1);
  expect(settingUp.map(isAlive)).toEqual([true]);
  program.kill('SIGKILL');
  await vi.waitFor(() => expect([...serving, ...settingUp].filter(isAlive)).toEqual([]), { timeout: 10_000 });
}, 60_000);
