import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { StatusFailure, invalid } from '../api/failure.js';
import type { ApiServer } from '../api/server.js';
import type { Caller, Role } from '../credentials/caller.js';
import type { HttpCallers } from './credentials.js';
import type { Events } from './events.js';
import { FEATURE_VIEWS, type MarketData } from './market-data.js';
import type { MarketAnalyses } from './market-analyses.js';
import type { ModelCatalogue } from './models.js';
import type { Operations } from './operations.js';
import type { SeriesDirectory } from './series.js';
import type { SignalDetails } from './signal-detail.js';
import type { Turns } from '../api/turns.js';
import { ASKED_CHANGES } from '../rollout/asked-act.js';
import type { CallerView, Failure, SessionView } from './wire.js';

/** What the routes answer from. */
export interface RouteParts {
  readonly api: ApiServer;
  readonly callers: HttpCallers;
  readonly series: SeriesDirectory;
  readonly market: MarketData;
  readonly details: SignalDetails;
  readonly models: ModelCatalogue;
  readonly analyses: MarketAnalyses;
  readonly operations: Operations;
  readonly events: Events;
  readonly turns: Turns;
  readonly simulated: boolean;
}

const TIME_MAX = 8.64e15;
const time = z.coerce.number().int().min(-TIME_MAX).max(TIME_MAX);
const count = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);
const id = z.string().min(1).max(200);

const SERIES = z.strictObject({ series: id });
const BARS = z.strictObject({ series: id, before: time.default(TIME_MAX), limit: count(5_000, 1_000) });
const SIGNALS = z.strictObject({
  series: id,
  from: time.default(0),
  to: time.default(TIME_MAX),
  limit: count(2_000, 1_000),
});
const RELIABILITY = z.strictObject({ series: id, version: z.string().min(1).max(40) });
const DAYS = z.strictObject({ series: id, from: time.default(0), limit: count(400, 120) });
const FEATURE = z.strictObject({ series: id, name: z.string().min(1).max(80), limit: count(2_000, 500) });
const AFTER = z.strictObject({ after: z.coerce.number().int().min(0).default(0) });
const EVENTS = z.strictObject({ series: id.optional(), health: z.enum(['0', '1']).default('0') });
const RETRY = z.strictObject({ sink: z.string().min(1).max(80), key: z.number().int().min(0).optional() });
const ALL = z.strictObject({ all: z.enum(['0', '1']).default('0') });
const ONE = z.strictObject({ id: z.string().min(1).max(100) });
const MODEL = z.strictObject({ series: id, model: id });
/** An act on a model: numbers and booleans come as text in a query, as themselves in a body. */
const ASKED = {
  series: id,
  model: id,
  change: z.enum(ASKED_CHANGES),
  share: z.coerce.number().gt(0).lt(1).optional(),
  days: z.coerce.number().gt(0).max(3_650).optional(),
};
const OUTLOOK = z.strictObject({
  ...ASKED,
  automatic: z
    .enum(['0', '1'])
    .default('0')
    .transform((text) => text === '1'),
});
const CHANGE = z.strictObject({
  ...ASKED,
  automatic: z.boolean().default(false),
  reason: z.string().trim().min(1).max(500),
});
const SIGNAL = z.strictObject({ id: z.string().min(1).max(80) });
const CREDENTIAL = z.strictObject({ key: z.string().min(1).max(8_000) });
const NOTHING = z.strictObject({});

/** A query or body as it should be. Throws INVALID_ARGUMENT naming the field. */
function read<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(issue?.path.join('.') || 'request', `${issue?.message ?? 'it is wrong'}.`);
}

/** Every route of the console's own API. Each but those of the session admits its caller first. */
export function addRoutes(server: FastifyInstance, parts: RouteParts): void {
  addSession(server, parts);
  const { series, market, details, models, operations, analyses } = parts;
  const get = <T extends z.ZodType>(
    path: string,
    role: Role,
    query: T,
    answer: (caller: Caller, query: z.output<T>) => unknown,
  ): void => {
    server.get(path, async (request, reply) => {
      const caller = await parts.callers.admit(request, role);
      const asked = read(query, request.query);
      // A page that was left while its question waited needs no answer.
      return await parts.turns.run(async () =>
        reply.raw.destroyed ? undefined : await answer(caller, asked),
      );
    });
  };
  const post = <T extends z.ZodType>(
    path: string,
    role: Role,
    body: T,
    act: (caller: Caller, asked: z.output<T>) => Promise<unknown>,
  ): void => {
    server.post(path, async (request) => {
      const caller = await parts.callers.admit(request, role);
      const asked = read(body, request.body);
      return await parts.turns.run(async () => await act(caller, asked));
    });
  };
  get('/api/health', 'viewer', NOTHING, (caller) => operations.health(caller));
  get('/api/series', 'viewer', NOTHING, (caller) => series.list(caller));
  get('/api/bars', 'viewer', BARS, (caller, q) => market.bars(caller, q.series, q.before, q.limit));
  get('/api/signals', 'viewer', SIGNALS, (caller, q) =>
    market.signals(caller, q.series, q.from, q.to, q.limit),
  );
  get('/api/signal', 'viewer', SIGNAL, (caller, q) => details.get(caller, q.id));
  get('/api/signal/moved', 'viewer', SIGNAL, (caller, q) => details.moved(caller, q.id));
  get('/api/models', 'viewer', SERIES, (caller, q) => models.list(caller, q.series));
  get('/api/model', 'viewer', MODEL, (caller, q) => models.detail(caller, q.series, q.model));
  get('/api/outlook', 'viewer', OUTLOOK, (caller, q) => models.outlook(caller, q));
  get('/api/equity', 'viewer', MODEL, (caller, q) => models.equity(caller, q.series, q.model));
  post('/api/model/change', 'engineer', CHANGE, (caller, { reason, ...asked }) =>
    models.change(caller, asked, reason),
  );
  get('/api/reliability', 'viewer', RELIABILITY, (caller, q) =>
    models.reliability(caller, q.series, q.version),
  );
  get('/api/days', 'viewer', DAYS, (caller, q) => market.days(caller, q.series, q.from, q.limit));
  get('/api/labels', 'viewer', SERIES, (caller, q) => market.balance(caller, q.series));
  get('/api/relations', 'viewer', SERIES, (caller, q) => analyses.relations(caller, q.series));
  get('/api/drift', 'viewer', SERIES, (caller, q) => analyses.drift(caller, q.series));
  get('/api/features', 'viewer', NOTHING, () => ({ version: FEATURE_SET_VERSION, features: FEATURE_VIEWS }));
  get('/api/feature', 'viewer', FEATURE, (caller, q) => market.feature(caller, q.series, q.name, q.limit));
  get('/api/instruments', 'viewer', NOTHING, (caller) => operations.instruments(caller));
  get('/api/quotas', 'viewer', NOTHING, (caller) => operations.quotas(caller));
  get('/api/dead-letters', 'operator', AFTER, (_caller, { after }) => operations.deadLetters(after));
  post('/api/dead-letters/retry', 'operator', RETRY, (_caller, { sink, key }) => operations.retry(sink, key));
  get('/api/alerts', 'viewer', ALL, (caller, q) => operations.alerts(caller, q.all === '1'));
  post('/api/alerts/acknowledge', 'engineer', ONE, (caller, q) =>
    operations.changeAlert(caller, 'acknowledge', q.id),
  );
  post('/api/alerts/close', 'engineer', ONE, (caller, q) => operations.changeAlert(caller, 'close', q.id));
  get('/api/jobs', 'viewer', ALL, (caller, q) => operations.jobs(caller, q.all === '1'));
  post('/api/jobs/cancel', 'engineer', ONE, (caller, q) => operations.cancelJob(caller, q.id));
  get('/api/latencies', 'operator', NOTHING, () => operations.latencies());
  get('/api/audit', 'engineer', NOTHING, (caller) => operations.audit(caller));
  addEvents(server, parts);
}

function callerView({ tenantId, userId, role }: Caller): CallerView {
  return { tenantId, userId: userId ?? null, role };
}

function addSession(server: FastifyInstance, { api, callers, simulated }: RouteParts): void {
  const view = (caller: Caller | undefined): SessionView => ({
    required: api.credentialsRequired,
    caller: caller === undefined ? null : callerView(caller),
    simulated,
  });
  server.get('/api/session', async (request) => {
    try {
      return view(await callers.admit(request, 'viewer'));
    } catch (error) {
      // Without a credential it says that one is needed; other failures are what they are.
      if (error instanceof StatusFailure && error.message.startsWith('Send your API key'))
        return view(undefined);
      throw error;
    }
  });
  server.post('/api/session', async (request, reply) =>
    view(await callers.begin(read(CREDENTIAL, request.body).key, reply)),
  );
  server.delete('/api/session', (request, reply) => {
    callers.end(request, reply);
    return reply.code(204).send();
  });
}

function addEvents(server: FastifyInstance, parts: RouteParts): void {
  const { api, callers, events, series } = parts;
  server.get('/api/events', async (request: FastifyRequest, reply) => {
    const caller = await callers.admit(request, 'viewer');
    const asked = read(EVENTS, request.query);
    if (asked.series !== undefined) series.find(caller, asked.series);
    events.assertRoom(caller.tenantId);
    const response = reply.raw;
    // Who hung up meanwhile is told apart here, or its place would be taken for ever.
    if (response.destroyed) return reply.hijack();
    const leave = api.admission.openStream(caller, (failure) => {
      const { details, code } = api.failures.explain('/api/events', failure);
      const said: Failure = { code: String(code), message: details };
      events.remove(response);
      if (!response.writableEnded) response.end(`event: end\ndata: ${JSON.stringify(said)}\n\n`);
      // Who does not read it loses the connection.
      else response.destroy();
    });
    reply.hijack();
    response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream',
    });
    response.once('close', () => {
      events.remove(response);
      leave();
    });
    events.add({ caller, response, series: asked.series, wantsHealth: asked.health === '1' });
  });
}
