import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ListModelsResponse__Output as Listed } from '../../engine/api/generated/suho/v1/ListModelsResponse.js';
import type { Model__Output as Model } from '../../engine/api/generated/suho/v1/Model.js';
import type { ModelDetails__Output as Details } from '../../engine/api/generated/suho/v1/ModelDetails.js';
import type { Engine } from '../../engine/engine.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { tenantsOf } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { EURUSD, registerModel } from '../support/rollout.js';
import { TestClient, codeOf, serve } from '../support/served.js';

const NAME = 'market/EURUSD/1h';

const KEYS = {
  acmeViewer: ['acme', 'viewer', undefined],
  acmeEngineer: ['acme', 'engineer', undefined],
  annEngineer: ['acme', 'engineer', 'ann'],
  bobViewer: ['acme', 'viewer', 'bob'],
  zenEngineer: ['zen', 'engineer', undefined],
  operator: ['ops', 'operator', undefined],
} as const;
type Key = keyof typeof KEYS;

/** An engine with a model of the platform, of acme, of acme's ann, and of zen, all of one name; served to their callers. */
async function served(t: TestContext): Promise<{ engine: Engine; client: TestClient; port: number }> {
  const engine = await openEngine(t, temporaryFolder(t), { tenants: tenantsOf(KEYS) });
  await registerModel(engine, { seed: 0 });
  await registerModel(engine, { seed: 1, series: { ...EURUSD, tenantId: 'acme' } });
  await registerModel(engine, { seed: 2, series: { ...EURUSD, tenantId: 'acme', userId: 'ann' } });
  await registerModel(engine, { seed: 3, series: { ...EURUSD, tenantId: 'zen' } });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  return { engine, client, port };
}

const owner = ({ level, tenant_id: tenant, user_id: user }: Model): string =>
  [level.replace('MODEL_LEVEL_', ''), tenant, user].filter((part) => part !== '').join(' ');

test('each caller sees the models of its levels, may change its own, and no other’s is there for it', async (t) => {
  const { engine, client } = await served(t);
  const list = async (key: Key): Promise<string[]> => {
    const { models } = await client.call<Listed>('ModelService', 'ListModels', {}, key);
    return models.map(owner).sort();
  };
  const [platform, acme, ann, zen] = ['PLATFORM', 'TENANT acme', 'USER acme ann', 'TENANT zen'];
  assert.deepEqual(await list('acmeViewer'), [platform, acme]);
  assert.deepEqual(await list('bobViewer'), [platform, acme]);
  assert.deepEqual(await list('annEngineer'), [platform, acme, ann]);
  assert.deepEqual(await list('zenEngineer'), [platform, zen]);
  assert.deepEqual(await list('operator'), [platform, acme, zen]);

  const change = async (key: Key, level: string, tenantId = '', name = 'PROMOTE'): Promise<string> =>
    await codeOf(
      client.call(
        'ModelService',
        'ChangeModel',
        {
          model: { level: `MODEL_LEVEL_${level}`, name: NAME, version: 'v1.0.0', tenant_id: tenantId },
          change: `MODEL_CHANGE_${name}`,
          reason: 'a test',
        },
        key,
      ),
    );
  // A viewer changes nothing, an engineer its tenant's and its own, an operator everything.
  assert.equal(await change('acmeViewer', 'TENANT'), 'PERMISSION_DENIED');
  assert.equal(await change('acmeEngineer', 'PLATFORM'), 'PERMISSION_DENIED');
  assert.equal(await change('acmeEngineer', 'USER'), 'NOT_FOUND');
  assert.equal(await change('zenEngineer', 'TENANT', 'acme'), 'NOT_FOUND');
  assert.equal(await change('zenEngineer', 'TENANT', 'acme', 'ARCHIVE'), 'NOT_FOUND');
  for (const method of ['GetModel', 'CompareModels', 'DiffModels'])
    assert.equal(
      await codeOf(
        client.call(
          'ModelService',
          method,
          {
            model: { level: 'MODEL_LEVEL_TENANT', name: NAME, version: 'v1.0.0', tenant_id: 'acme' },
            against: 'v1.0.0',
          },
          'zenEngineer',
        ),
      ),
      'NOT_FOUND',
    );
  assert.equal(await change('acmeEngineer', 'TENANT'), 'OK');
  assert.equal(await change('annEngineer', 'USER'), 'OK');
  assert.equal(await change('operator', 'PLATFORM'), 'OK');
  assert.equal(await change('operator', 'TENANT', 'zen'), 'OK');
  // What its status does not allow is refused by the database, whoever asks.
  assert.equal(await change('operator', 'PLATFORM', '', 'SHADOW'), 'INVALID_ARGUMENT');

  const { history } = await client.call<Details>(
    'ModelService',
    'GetModel',
    { model: { level: 'MODEL_LEVEL_TENANT', name: NAME, version: 'v1.0.0', tenant_id: 'zen' } },
    'operator',
  );
  const [newest] = history;
  assert.deepEqual(
    [newest!.from_status, newest!.to_status, newest!.who, newest!.role, newest!.reason],
    ['canary', 'production', 'ops', 'operator', 'a test'],
  );
  assert.deepEqual(
    history.map(({ to_status: to }) => to),
    ['production', 'canary', 'staging', 'validated', 'draft'],
  );
  const audit = await engine.predictions.sql(
    `SELECT actor, role, reason FROM ml_registry.model_audit WHERE to_status = 'production'`,
    'acme',
  );
  assert.deepEqual(
    audit.map((row) => String(row['actor'])).sort(),
    ['acme', 'ops'],
    'of its own and the platform’s; ann’s is hers',
  );
});

test('the command shows models and changes them, with the reason on the record', async (t) => {
  const { port, engine } = await served(t);
  await registerModel(engine, { seed: 4, version: 'v1.0.1', series: { ...EURUSD, tenantId: 'acme' } });
  process.env['SUHO_API_KEY'] = 'acmeEngineer';
  afterTest(t, () => void delete process.env['SUHO_API_KEY']);
  const suho = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommand(['models', ...args, '--address', `localhost:${port}`]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.match(await suho('list'), /market\/EURUSD\/1h .*v1\.0\.1 .*acme .*validated/);
  await suho('promote', NAME, 'v1.0.0', '--level', 'tenant', '--reason', 'the first');
  await suho('canary', NAME, 'v1.0.1', '--share', '0.25', '--reason', 'it may be better');
  const shown = await suho('show', NAME, 'v1.0.1');
  assert.match(shown, /v1\.0\.1 of acme: canary on 25 % of the bars \(manual\)/);
  assert.match(
    shown,
    /^calibrated {2}by the sharpness of each horizon, and by isotonic regression after it: 4h of perceptron$/m,
  );
  // Every act once, in the order they happened, with what was passed on the way left out.
  assert.deepEqual(
    shown
      .slice(shown.indexOf('history (UTC)'))
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}/, '')),
    [
      'history (UTC)',
      'registered (by suho)',
      'canary on 25 % of the bars (by acme, engineer)',
      `${' '.repeat(18)}it may be better`,
    ],
  );
  assert.match(
    await suho('diff', NAME, 'v1.0.1', 'v1.0.0', '--level', 'tenant'),
    /after +│ v1\.0\.0 +│ none/,
  );
  assert.match(
    await suho('compare', NAME, 'v1.0.1', 'v1.0.0'),
    /no bar that v1\.0\.1 and v1\.0\.0 both answered/,
  );
  const refused = await runCommand([
    'models',
    'rollback',
    NAME,
    'v1.0.0',
    '--level',
    'tenant',
    '--reason',
    'x',
    '--address',
    `localhost:${port}`,
  ]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /Nothing was production of market\/EURUSD\/1h before v1\.0\.0/);
});
