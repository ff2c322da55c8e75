import type { Controller } from './controller.ts';

/** Tells when the workers start, for whoever waits for it. */
export function announcing(controller: Controller, onStarted: () => void): Controller {
  return {
    name: controller.name,
    enqueue: controller.enqueue,
    subscribe: () => controller.subscribe(),
    start: () => {
      controller.start();
      onStarted();
    },
    stop: () => controller.stop(),
    abort: (reason) => controller.abort(reason),
    oldestReconcileMs: () => controller.oldestReconcileMs(),
  };
}
