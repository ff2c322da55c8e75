import { describe, expect, it } from 'vitest';
import {
  addFinalizerPatch,
  type FinalizerMetadata,
  type JsonPatchOperation,
  removeFinalizerPatch,
} from '../../../src/runtime/finalizers.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';

const OURS = 'configmgr.io/cleanup';
const THEIRS = 'example.com/theirs';

async function storedObject(finalizers: readonly string[]) {
  const api = sharedApi();
  const collection = `/api/v1/namespaces/${await namespaceForTest('finalizers')}/configmaps`;
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', finalizers } };
  await api.call('POST', collection, object);
  const path = `${collection}/held`;
  const read = async () => ((await api.call('GET', path)) as { metadata: FinalizerMetadata }).metadata;
  const patch = async (operations: readonly JsonPatchOperation[] | undefined) =>
    (await api.send('PATCH', path, operations, 'application/json-patch+json')).status;
  const change = () => api.call('PATCH', path, { data: { changed: 'yes' } }, 'application/merge-patch+json');
  return { api, path, collection, object, read, patch, change };
}

describe('finalizer patches on a real API server', () => {
  it.each([[[]], [[THEIRS]]])('adds and removes its own beside %j', async (others) => {
    const { read, patch } = await storedObject(others);
    expect(await patch(addFinalizerPatch(await read(), OURS))).toBe(200);
    expect((await read()).finalizers).toEqual([...others, OURS]);
    expect(await patch(removeFinalizerPatch(await read(), OURS))).toBe(200);
    expect((await read()).finalizers ?? []).toEqual(others);
  });

  it('is refused with 422 when the object has changed since it was read', async () => {
    const { read, patch, change } = await storedObject([THEIRS, OURS]);
    const stale = await read();
    await change();
    expect(await patch(addFinalizerPatch(stale, 'configmgr.io/other'))).toBe(422);
    expect(await patch(removeFinalizerPatch(stale, OURS))).toBe(422);
    expect((await read()).finalizers).toEqual([THEIRS, OURS]);
  });

  it('is refused with 422 when another object has taken the name', async () => {
    const { api, path, collection, object, read, patch } = await storedObject([]);
    const earlier = await read();
    await api.call('DELETE', path);
    await api.call('POST', collection, object);
    expect(await patch(addFinalizerPatch(earlier, OURS))).toBe(422);
    expect((await read()).finalizers).toBeUndefined();
  });

  it('lets an object go whose last finalizer it removes', async () => {
    const { api, path, read, patch } = await storedObject([OURS]);
    await api.call('DELETE', path);
    expect(addFinalizerPatch(await read(), 'configmgr.io/other')).toBeUndefined();
    expect(await patch(removeFinalizerPatch(await read(), OURS))).toBe(200);
    expect((await api.send('GET', path)).status).toBe(404);
  });
});
