import {
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Caller, Role } from '../credentials/caller.js';
import type { AuditLog } from '../ops/audit-log.js';
import type { Admission } from './admission.js';
import type { Received } from './definition.js';
import { StatusFailure, statusName, type Failures } from './failure.js';

/** Requests of one stream that may wait for their answer before the next is read. */
const OPEN_MAX = 16;

/** What every call of the API needs. */
export interface CallContext {
  readonly admission: Admission;
  readonly failures: Failures;
  readonly audit: AuditLog;
}

/** Roles whose calls are written into the audit log. */
const AUDITED: ReadonlySet<Role> = new Set(['engineer', 'operator']);

/** The request's message. Throws INVALID_ARGUMENT when it could not be decoded. */
export function decoded<Request>({ message, byteLength }: Received<Request>): Request {
  if (message !== undefined) return message;
  throw new StatusFailure(
    'UNDECODABLE_REQUEST',
    `The request of ${byteLength} bytes is not a valid protobuf message of this method; check that the client was built from this engine's proto files.`,
  );
}

/** A unary handler from a function of the request and its caller. */
export function unary<Request, Response>(
  { admission, failures, audit }: CallContext,
  role: Role,
  handle: (request: Request, caller: Caller) => Response | Promise<Response>,
) {
  return (call: ServerUnaryCall<Received<Request>, Response>, reply: sendUnaryData<Response>): void => {
    let tenant: { readonly tenant?: string } = {};
    admission
      .admit(call, role, call.request.byteLength)
      .then(async (caller) => {
        tenant = { tenant: caller.tenantId };
        const request = decoded(call.request);
        if (!AUDITED.has(role)) return await handle(request, caller);
        const told = {
          tenant: caller.tenantId,
          user: caller.userId ?? '',
          role: caller.role,
          peer: call.getPeer(),
          action: call.getPath(),
          request,
        };
        try {
          const response = await handle(request, caller);
          audit.add({ ...told, outcome: 'OK' });
          return response;
        } catch (error) {
          audit.add({ ...told, outcome: statusName(error) });
          throw error;
        }
      })
      .then(
        (response) => {
          failures.succeeded(call.getPath());
          reply(null, response);
        },
        (error: unknown) => reply(failures.end(call.getPath(), error, { ...tenant, peer: call.getPeer() })),
      );
  };
}

/** A request that was taken in its turn; `answer` comes when it is durable. In an object, so that nobody awaits it early. */
export interface Taken<Answer> {
  readonly answer: Promise<Answer>;
}

/**
 * A handler of a stream of requests: they are taken one after the other and answered in order; the next ones are taken
 * while the last ones wait for their commit. A request that fails ends the stream, after the answers of those before it.
 */
export function requestStream<Request, Answer>(
  context: CallContext,
  role: Role,
  take: (request: Request, caller: Caller) => Promise<Taken<Answer>>,
) {
  return (call: ServerDuplexStream<Received<Request>, Answer>): void =>
    new RequestStream(context, call, take).run(role);
}

class RequestStream<Request, Answer> {
  readonly #context: CallContext;
  readonly #call: ServerDuplexStream<Received<Request>, Answer>;
  readonly #take: (request: Request, caller: Caller) => Promise<Taken<Answer>>;
  /** Settles when the last request was taken, and when the last one was answered. */
  #taken: Promise<unknown> = Promise.resolve();
  #answered: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #over = false;
  #leave: () => void = () => undefined;
  /** Whose stream it is, once that is known. */
  #tenant: { readonly tenant?: string } = {};
  /** Those that wait until the client has read its answers. */
  readonly #undrained: (() => void)[] = [];

  constructor(
    context: CallContext,
    call: ServerDuplexStream<Received<Request>, Answer>,
    take: (request: Request, caller: Caller) => Promise<Taken<Answer>>,
  ) {
    this.#context = context;
    this.#call = call;
    this.#take = take;
  }

  run(role: Role): void {
    const call = this.#call;
    const over = (): void => {
      this.#over = true;
      this.#leave();
      this.#goOn();
    };
    call.on('drain', () => this.#goOn());
    call.on('cancelled', over);
    call.on('close', over);
    call.on('error', over);
    const admitted = this.#admit(role);
    admitted.catch((error: unknown) => this.#fail(error));
    call.on('data', (received: Received<Request>) => {
      if (this.#over) return;
      if (++this.#waiting >= OPEN_MAX) call.pause();
      const taken = this.#takeInTurn(received, admitted, this.#taken);
      this.#taken = taken;
      this.#answered = this.#answer(taken, this.#answered);
    });
    call.on('end', () => {
      void Promise.allSettled([admitted, this.#answered]).then(() => {
        if (this.#over) return;
        this.#over = true;
        this.#context.failures.succeeded(call.getPath());
        call.end();
      });
    });
  }

  async #admit(role: Role): Promise<Caller> {
    const { admission } = this.#context;
    const caller = await admission.admit(this.#call, role);
    this.#tenant = { tenant: caller.tenantId };
    const leave = admission.openStream(caller, (failure) => this.#fail(failure));
    if (this.#over) leave();
    else this.#leave = leave;
    return caller;
  }

  async #takeInTurn(
    received: Received<Request>,
    admitted: Promise<Caller>,
    before: Promise<unknown>,
  ): Promise<Taken<Answer>> {
    const caller = await admitted;
    await before;
    await this.#context.admission.admitMessage(caller, received.byteLength);
    const taken = await this.#take(decoded(received), caller);
    // It is awaited only once those before it are answered.
    taken.answer.catch(() => undefined);
    return taken;
  }

  async #answer(taken: Promise<Taken<Answer>>, before: Promise<unknown>): Promise<void> {
    try {
      const { answer } = await taken;
      const answered = await answer;
      await before;
      // A client that does not read its answers is not read from either.
      if (!this.#over && !this.#call.write(answered)) await this.#drained();
    } catch (error) {
      await before;
      this.#fail(error);
    } finally {
      if (--this.#waiting < OPEN_MAX) this.#call.resume();
    }
  }

  /** Settles when the client has read its answers, or the call is over. */
  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => this.#undrained.push(resolve));
  }

  #goOn(): void {
    for (const resolve of this.#undrained.splice(0)) resolve();
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    const by = { ...this.#tenant, peer: this.#call.getPeer() };
    endWithFailure(this.#call, this.#context.failures.end(this.#call.getPath(), error, by));
  }
}

/** Ends a stream with a status, after what was written to it. */
export function endWithFailure(
  call: { emit(event: 'error', failure: ServiceError): boolean },
  failure: ServiceError,
): void {
  call.emit('error', failure);
}
