import type { TestContext } from 'node:test';

const stacks = new WeakMap<TestContext, (() => unknown)[]>();

/** Runs a function after the test, the last registered first: what was built on something goes before it. */
export function afterTest(t: TestContext, cleanup: () => unknown): void {
  const stack = stacks.get(t);
  if (stack !== undefined) {
    stack.push(cleanup);
    return;
  }
  const made = [cleanup];
  stacks.set(t, made);
  t.after(async () => {
    for (const run of made.reverse()) await run();
  });
}
