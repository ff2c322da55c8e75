import { describe, expect, it } from 'vitest';
import { GROUP, SUBSCRIPTION } from '../providers/sample-bodies.ts';
import { createInProcessStage } from './in-process-stage.ts';
import { replay } from './replay.ts';
import { ABSENT, EMPTY, type ExpectedAnswer, type Row } from './row.ts';
import { resourceGroups } from './tables/resource-groups.ts';

const NEW = `/subscriptions/${SUBSCRIPTION}/resourceGroups/new-rg`;

function rowOf(answer: ExpectedAnswer): Row {
  const ask = `PUT ${NEW}`;
  return {
    name: 'a group',
    source: 'a test',
    steps: [{ ask, body: { location: 'westeurope', tags: { a: 'b' } }, answer }],
  };
}

const told = (answer: ExpectedAnswer) => replay(rowOf(answer), createInProcessStage());

describe('a replay', () => {
  it('is content with an answer as recorded', async () => {
    expect(
      await told({
        status: 201,
        headers: { Location: ABSENT },
        body: { id: NEW, tags: { a: /^b$/ }, properties: { provisioningState: 'Succeeded', other: ABSENT } },
      }),
    ).toBe('');
  });

  it.each<[string, ExpectedAnswer, string]>([
    ['another status', { status: 200 }, 'status: 200 was recorded, 201 came'],
    [
      'a header that is missing',
      { status: 201, headers: { Location: /./ } },
      'header Location: /./ was recorded, nothing came',
    ],
    [
      'a header too many',
      { status: 201, headers: { 'X-MS-ratelimit-remaining-subscription-writes': ABSENT } },
      'header X-MS-ratelimit-remaining-subscription-writes: recorded without, "199" came',
    ],
    ['another text', { status: 201, body: { name: 'old-rg' } }, 'body.name: "old-rg" was recorded, "new-rg" came'],
    [
      'a text of another form',
      { status: 201, body: { id: /^[a-z]$/ } },
      `body.id: /^[a-z]$/ was recorded, "${NEW}" came`,
    ],
    ['a member too many', { status: 201, body: { tags: ABSENT } }, 'body.tags: recorded without, {"a":"b"} came'],
    ['a null', { status: 201, body: { managedBy: null } }, 'body.managedBy: null was recorded, nothing came'],
    ['a list', { status: 201, body: { tags: [] } }, 'body.tags: a list was recorded, {"a":"b"} came'],
    ['an object', { status: 201, body: { name: {} } }, 'body.name: an object was recorded, "new-rg" came'],
    ['a body where none was', { status: 201, body: EMPTY }, 'body: none was recorded, {"id":'],
  ])('tells row, step, source and %s', async (_name, answer, difference) => {
    const text = await told(answer);
    expect(text).toContain(`a group, step 1 (PUT ${NEW})\n  recorded in a test\n  ${difference}`);
  });

  it('tells of a list of another length', async () => {
    const ask = `GET /subscriptions/${SUBSCRIPTION}/resourceGroups`;
    const row: Row = {
      name: 'a list',
      source: 'a test',
      steps: [{ ask, answer: { status: 200, body: { value: [] } } }],
    };
    expect(await replay(row, createInProcessStage())).toContain('body.value: 0 items were recorded, [{"id":');
  });

  it('waits as long as the row says', async () => {
    const deletion = resourceGroups.rows.find((row) => row.name === 'a group that is deleted');
    const hasty = {
      ...deletion,
      steps: deletion?.steps.map((step) => ('ask' in step ? step : { waitSeconds: 1 })),
    } as Row;
    expect(await replay(hasty, createInProcessStage())).toContain('step 5');
    expect(hasty.steps).toHaveLength(6);
  });

  it('fails when what a row needs cannot be made', async () => {
    const row: Row = {
      ...rowOf({ status: 201 }),
      given: [{ kind: 'Exists', path: `${GROUP}/providers/Microsoft.Network/virtualNetworks/x`, body: {} }],
    };
    await expect(replay(row, createInProcessStage())).rejects.toThrow('LocationRequired');
  });
});
