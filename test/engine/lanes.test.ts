import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SuhoError } from '../../engine/errors.js';
import { deliveryOf } from '../../engine/messaging/delivery.js';
import { Lanes, type LaneMessage } from '../../engine/messaging/lanes.js';

interface Sent extends LaneMessage {
  readonly failures: readonly ('curable' | 'permanent')[];
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
};

test('each message is answered once, in the order of its subject, whatever fails and how often', async () => {
  const message = fc.record({
    subject: fc.constantFrom('a', 'b', 'c'),
    failures: fc.array(fc.constantFrom('curable' as const, 'permanent' as const), { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      async (messages, together) => {
        const answers = new Map<string, string[]>();
        const tries = new Map<number, number>();
        const lanes = new Lanes<Sent>({
          // As many together as do not fail, `together` at most.
          handle: async (waiting) => {
            await Promise.resolve();
            let taken = 0;
            for (const { sequence, failures } of waiting.slice(0, together)) {
              const at = tries.get(sequence) ?? 0;
              const failure = failures[at];
              if (failure !== undefined && taken > 0) break;
              tries.set(sequence, at + 1);
              if (failure === 'curable') throw new SuhoError('OVERLOADED', 'later');
              if (failure === 'permanent') throw new TypeError('never');
              taken++;
            }
            return taken;
          },
          onTerminated: () => undefined,
          onRoom: () => undefined,
          clock: {
            setTimeout: (run) => {
              setImmediate(run);
              return { cancel: () => undefined };
            },
          },
        });
        const note = (subject: string, answer: string): void =>
          void answers.set(subject, [...(answers.get(subject) ?? []), answer]);
        const expected = new Map<string, string[]>();
        messages.forEach(({ subject, failures }, sequence) => {
          lanes.push({
            subject,
            sequence,
            failures,
            ack: () => note(subject, `ack ${sequence}`),
            terminate: () => note(subject, `terminate ${sequence}`),
            working: () => undefined,
          });
          const answer = failures.includes('permanent') ? 'terminate' : 'ack';
          expected.set(subject, [...(expected.get(subject) ?? []), `${answer} ${sequence}`]);
        });
        while (lanes.held > 0) await settle();
        assert.deepEqual(answers, expected);
      },
    ),
    { numRuns: 30 },
  );
});

test('what is released is unanswered, and the end of its running handler is ignored', async () => {
  const answered: string[] = [];
  let finish = (): void => undefined;
  let rooms = 0;
  const lanes = new Lanes<LaneMessage>({
    handle: async ([{ subject } = { subject: '' }]) => {
      if (subject === 'slow') await new Promise<void>((resolve) => (finish = resolve));
      return 1;
    },
    onTerminated: () => undefined,
    onRoom: () => rooms++,
  });
  for (const [sequence, subject] of ['slow', 'fast', 'slow'].entries())
    lanes.push({
      subject,
      sequence,
      ack: () => void answered.push(`${subject} ${sequence}`),
      terminate: () => undefined,
      working: () => undefined,
    });
  await settle();
  assert.deepEqual(answered, ['fast 1']);
  assert.deepEqual(lanes.stalled(0), ['slow']);
  assert.equal(
    lanes.firstSequence((subject) => subject === 'slow'),
    0,
  );
  assert.deepEqual(
    lanes.release((subject) => subject === 'slow').map(({ sequence }) => sequence),
    [0, 2],
  );
  assert.equal(lanes.held, 0);
  assert.equal(rooms, 2);
  finish();
  await lanes.close();
  assert.deepEqual(answered, ['fast 1']);
});

test('any subject and any bytes are either decoded or refused as bad input, quoting 32 characters at most', () => {
  const isBadInput = (error: unknown): boolean =>
    error instanceof SuhoError && error.code === 'BAD_INPUT' && error.message.length < 120;
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }),
      (symbol, data) => {
        try {
          deliveryOf(`suho.market.acme.${symbol}`, data, 100).json();
        } catch (error) {
          assert.ok(isBadInput(error), String(error));
        }
      },
    ),
  );
  for (const symbol of ['%E0%A4%A', '%', `${'x'.repeat(5_000)}%`])
    assert.throws(() => deliveryOf(`suho.market.acme.${symbol}`, new Uint8Array(), 100), isBadInput);
  assert.throws(() => deliveryOf('suho.market.acme.A', new Uint8Array([0xff]), 100).json(), /UTF-8/);
  assert.throws(() => deliveryOf('suho.market.acme.A', new Uint8Array(101), 100).json(), /101 bytes/);
  assert.deepEqual(deliveryOf('suho.market.acme.BRK%2EB', Buffer.from('[1]'), 100).tokens, ['acme', 'BRK.B']);
});
