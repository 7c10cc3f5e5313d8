import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../engine/config.js';

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));

interface Manifest {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly podSelector?: { readonly matchLabels: object };
    readonly template?: {
      readonly spec: {
        readonly securityContext: { readonly runAsNonRoot: boolean };
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly ports: readonly { readonly containerPort: number }[];
          readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
        }[];
      };
    };
  };
}

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
}

test('deploy/compose.yaml parses, pins every image, binds loopback, and names settings and files that exist', () => {
  const text = readFileSync(path.join(DEPLOY, 'compose.yaml'), 'utf8');
  const { services, volumes } = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: object;
  };
  assert.deepEqual(Object.keys(services).sort(), [
    'clickhouse',
    'grafana',
    'minio',
    'nats',
    'prometheus',
    'redis',
    'suho',
    'timescaledb',
    'weaviate',
  ]);
  for (const [name, service] of Object.entries(services)) {
    assert.match(service.image, /:[\w.-]*\d[\w.-]*$/, `${name} is pinned`);
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, name);
    for (const volume of service.volumes ?? []) {
      const [from = ''] = volume.split(':');
      if (from.startsWith('.')) assert.ok(existsSync(path.join(DEPLOY, from)), from);
      else assert.ok(from in volumes, from);
    }
  }
  // What the engine is told must be settings, of the right kind.
  const example = readFileSync(path.join(DEPLOY, '.env.example'), 'utf8');
  const secrets = [...text.matchAll(/\$\{(\w+):\?\}/g)].map(([, name]) => name!);
  for (const name of secrets) assert.match(example, new RegExp(`^${name}=$`, 'm'));
  const environment = Object.fromEntries(
    Object.entries(services['suho']!.environment!).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{\w+:\?\}/g, 'secret'),
    ]),
  );
  const config = loadConfig(undefined, environment);
  assert.equal(config.postgres.url, 'postgresql://suho_login:secret@timescaledb:5432/suho');
  assert.equal(config.redis.url, 'redis://:secret@redis:6379');
  assert.equal(config.artifacts.accessKeyId, 'suho');
  const broker = readFileSync(path.join(DEPLOY, 'nats.conf'), 'utf8');
  assert.ok(
    broker.includes(`subscribe: [ "${config.nats.inboxPrefix}.>" ]`),
    'the engine may hear its answers',
  );
});

test('no two services of deploy/compose.yaml publish one port, and the engine writes nowhere but into its volume', () => {
  const text = readFileSync(path.join(DEPLOY, 'compose.yaml'), 'utf8');
  const { services } = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, Service & { readonly read_only?: boolean }>>;
  };
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  const published = ports.map((port) => port.split(':').slice(0, 2).join(':'));
  assert.deepEqual([...new Set(published)].sort(), [...published].sort());
  assert.equal(services['suho']!.read_only, true);
});

/** kustomize, where it is installed; .ci/run installs it. */
const KUSTOMIZE = path.join(homedir(), 'go', 'bin', 'kustomize');

test(
  'the Kubernetes manifests build, run one confined engine on one volume, and configure it with settings that exist',
  { skip: !existsSync(KUSTOMIZE) && 'kustomize is not installed' },
  () => {
    for (const overlay of ['base', 'overlays/production', 'overlays/canary']) {
      const built = execFileSync(KUSTOMIZE, ['build', path.join(DEPLOY, 'kubernetes', overlay)], {
        encoding: 'utf8',
      });
      const manifests = parseAllDocuments(built).map((each) => each.toJS() as Manifest);
      const kind = (name: string): Manifest => manifests.find((each) => each.kind === name)!;
      const { replicas, template } = kind('StatefulSet').spec!;
      assert.equal(replicas, 1, 'a data folder has one engine');
      const [container] = template!.spec.containers;
      assert.deepEqual(
        [container!.securityContext.readOnlyRootFilesystem, template!.spec.securityContext.runAsNonRoot],
        [true, true],
      );
      const written = path.join(mkdtempSync(path.join(tmpdir(), 'suho-k8s-')), 'suho.json');
      writeFileSync(written, kind('ConfigMap').data!['suho.json']!);
      const config = loadConfig(written, {});
      rmSync(path.dirname(written), { recursive: true });
      assert.ok(config.drainSeconds < template!.spec.terminationGracePeriodSeconds);
      assert.ok(
        config.tenants.some(({ apiKeySha256 }) => apiKeySha256.length > 0),
        'without a credential it would serve loopback only, whatever grpc.host is',
      );
      const ports = container!.ports.map(({ containerPort }) => containerPort);
      assert.deepEqual(ports, [config.grpc.port, config.metrics.port]);
      const { podSelector } = kind('NetworkPolicy').spec!;
      assert.deepEqual(podSelector!.matchLabels, { 'app.kubernetes.io/name': 'suho' });
    }
  },
);

test('the unit of systemd starts what npm ci builds in a clone, with arguments the command takes', () => {
  const unit = readFileSync(path.join(DEPLOY, 'systemd', 'suho.service'), 'utf8');
  const [, program = '', given = ''] = /^ExecStart=\/opt\/suho\/(\S+) (.*)$/m.exec(unit) ?? [];
  const file = path.join(DEPLOY, '..', program);
  accessSync(file, constants.X_OK);
  const help = execFileSync(file, [given.split(' ')[0]!, '--help'], { encoding: 'utf8' });
  for (const flag of given.match(/--[\w-]+/g) ?? []) assert.ok(help.includes(flag), flag);
});

test('a password of digits stays text, and an unknown setting is named', () => {
  const config = loadConfig(undefined, { SUHO_CLICKHOUSE_PASSWORD: '0012', SUHO_GRPC_PORT: '7000' });
  assert.equal(config.clickhouse.password, '0012');
  assert.equal(config.grpc.port, 7_000);
  assert.throws(() => loadConfig(undefined, { SUHO_NATS_ULR: 'x' }), /SUHO_NATS_ULR/);
  assert.throws(() => loadConfig(undefined, { SUHO_NATS_URL: 'http://x' }), /nats\.url/);
});
