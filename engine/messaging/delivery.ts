import type { JsMsg } from 'nats';
import { SuhoError } from '../errors.js';
import type { LaneMessage } from './lanes.js';

/** A message's subject in parts, and its body. */
export interface Delivery {
  /** Tokens of the subject after `suho.KIND`. */
  readonly tokens: readonly string[];
  /** The body. Throws `BAD_INPUT` when it is too large, not UTF-8 or not JSON. */
  readonly json: () => unknown;
}

/** Foreign text as an error may quote it: 32 characters at most. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 32 ? `${text.slice(0, 31)}…` : text);
}

/** A symbol as one token of a subject: a dot would be two. */
export function subjectToken(symbol: string): string {
  return symbol.replaceAll('.', '%2E');
}

/** The tenant of `suho.KIND.TENANT…`, as it is written there. */
export function tenantToken(subject: string): string {
  return subject.split('.', 3)[2] ?? '';
}

function decodeToken(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    throw new SuhoError('BAD_INPUT', `Subject token ${quoted(token)} is not valid percent-encoding.`);
  }
}

/** What a message holds. Throws `BAD_INPUT` when its subject cannot be decoded. */
export function deliveryOf(subject: string, data: Uint8Array, bytesMax: number): Delivery {
  return {
    tokens: subject.split('.').slice(2).map(decodeToken),
    json: () => {
      if (data.length > bytesMax)
        throw new SuhoError(
          'BAD_INPUT',
          `The message has ${data.length} bytes; at most ${bytesMax} are taken.`,
        );
      let text: string;
      try {
        text = new TextDecoder('utf-8', { fatal: true }).decode(data);
      } catch {
        throw new SuhoError('BAD_INPUT', 'The message is not UTF-8.');
      }
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw new SuhoError('BAD_INPUT', 'The message is not JSON.');
      }
    },
  };
}

/** A message as lanes hold it. */
export interface HeldMessage extends LaneMessage {
  readonly data: Uint8Array;
}

/**
 * Answers go out on the message's own connection. When that is closed they are dropped: the broker delivers the
 * message again, and applying it again is a no-op.
 */
export function heldMessage(message: JsMsg): HeldMessage {
  const answer = (send: () => void) => () => {
    try {
      send();
    } catch {
      return;
    }
  };
  return {
    subject: message.subject,
    sequence: message.seq,
    data: message.data,
    ack: answer(() => message.ack()),
    terminate: (reason) => answer(() => message.term(reason))(),
    working: answer(() => message.working()),
  };
}
