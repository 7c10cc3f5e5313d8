import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, type ClientDuplexStream } from '@grpc/grpc-js';
import descriptor from 'protobufjs/ext/descriptor.js';
import { loadDefinition } from '../../engine/api/definition.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { ACME, STORES_AWAY, serve } from '../support/served.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface ReflectionAnswer {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  readonly error_response?: { readonly error_code: number };
}
type Ask = (request: object) => Promise<ReflectionAnswer>;
type File = descriptor.IFileDescriptorProto;

/** Asks one question after the other over one stream. */
async function reflectionClient(t: TestContext, version: 'v1' | 'v1alpha'): Promise<Ask> {
  const engine = await openEngine(t, temporaryFolder(t), { ...STORES_AWAY, tenants: [ACME] });
  const { port } = await serve(t, engine);
  const loaded = loadPackageDefinition(
    loadDefinition(`grpc/reflection/${version}/reflection.proto`),
  ) as unknown as {
    grpc: { reflection: Record<string, { ServerReflection: new (...args: unknown[]) => object }> };
  };
  const { ServerReflection } = loaded.grpc.reflection[version]!;
  const client = new ServerReflection(`127.0.0.1:${port}`, credentials.createInsecure()) as {
    close(): void;
    ServerReflectionInfo(): ClientDuplexStream<object, ReflectionAnswer>;
  };
  const call = client.ServerReflectionInfo();
  call.on('error', () => undefined);
  afterTest(t, () => {
    call.end();
    client.close();
  });
  return async (request) =>
    await new Promise((resolve) => {
      call.once('data', resolve);
      call.write(request);
    });
}

function filesOf({ file_descriptor_response: response }: ReflectionAnswer): File[] {
  return (response?.file_descriptor_proto ?? []).map(
    (bytes) => descriptor.FileDescriptorProto.decode(bytes) as unknown as File,
  );
}

for (const version of ['v1', 'v1alpha'] as const) {
  test(`reflection ${version} lists every service and gives descriptors as a compiler makes them`, async (t) => {
    const ask = await reflectionClient(t, version);
    const listed = await ask({ list_services: '' });
    assert.deepEqual(listed.list_services_response!.service.map(({ name }) => name).sort(), [
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'suho.v1.AlertService',
      'suho.v1.EngineService',
      'suho.v1.FeatureService',
      'suho.v1.FeedbackService',
      'suho.v1.InstrumentService',
      'suho.v1.MarketDataService',
      'suho.v1.ModelService',
      'suho.v1.OperatorService',
      'suho.v1.SignalService',
      'suho.v1.TrainingService',
    ]);
    const [file] = filesOf(await ask({ file_containing_symbol: 'suho.v1.EngineHealth' }));
    const message = (name: string) => file!.messageType!.find((each) => each.name === name)!;
    // A map is a repeated field of a nested entry that is named after it; clients check the name.
    const [entry] = message('EngineHealth').nestedType!;
    assert.equal(entry!.name, 'WithheldEntry');
    assert.equal(entry!.options?.mapEntry, true);
    const withheld = message('EngineHealth').field!.find(({ name }) => name === 'withheld')!;
    assert.equal(withheld.typeName, '.suho.v1.EngineHealth.WithheldEntry');
    const optional = message('Bar').field!.filter(({ proto3Optional }) => proto3Optional === true);
    assert.deepEqual(
      optional.map(({ name }) => name),
      ['volume', 'tick_count', 'bid', 'ask'],
    );
    for (const symbol of [
      'suho.v1.SignalService.StreamSignals',
      'suho.v1.TIMEFRAME_1H',
      'suho.v1.Bar.open_time',
    ])
      assert.equal(filesOf(await ask({ file_containing_symbol: symbol }))[0]!.name, file!.name, symbol);
    assert.equal(filesOf(await ask({ file_by_filename: file!.name }))[0]!.package, 'suho.v1');
    for (const request of [{ file_by_filename: 'no.proto' }, { file_containing_symbol: 'no.Such' }])
      assert.equal((await ask(request)).error_response!.error_code, 5);
  });
}

function contentsBelow(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(path.join(folder, name)).isFile());
  return new Map(files.sort().map((name) => [name, readFileSync(path.join(folder, name), 'latin1')]));
}

test('the committed descriptors and message types are those of the proto files', (t) => {
  const folder = temporaryFolder(t);
  execFileSync(process.execPath, [path.join(ROOT, 'scripts', 'generate-api.mjs'), folder], { stdio: 'pipe' });
  const descriptors = (root: string): Buffer => readFileSync(path.join(root, 'proto', 'descriptors.binpb'));
  assert.ok(descriptors(folder).equals(descriptors(ROOT)), 'run npm run generate');
  const types = (root: string) => contentsBelow(path.join(root, 'engine', 'api', 'generated'));
  assert.deepEqual(types(folder), types(ROOT), 'run npm run generate');
});
