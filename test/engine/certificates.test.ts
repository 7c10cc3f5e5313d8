/** Certificates that are replaced while the engine runs, seen by handshakes. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { ApiServer } from '../../engine/api/server.js';
import { loadConfig } from '../../engine/config.js';
import { ConsoleServer } from '../../engine/console/server.js';
import { bars } from '../support/api.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { ACME, KEY, STORES_AWAY, TestClient, codeOf, eventually } from '../support/served.js';
import { startEngine } from '../support/started.js';

const given = (name: string): string =>
  fileURLToPath(new URL(`../../../test/data/tls/${name}`, import.meta.url));

/** The files of `grpc.tls` in a folder of the test's own, and what puts others in their place. */
function tlsFiles(t: TestContext) {
  const folder = temporaryFolder(t);
  const at = (name: string): string => path.join(folder, name);
  return {
    tls: { certFile: at('server.pem'), keyFile: at('server.key'), clientCaFile: at('ca.pem') },
    put: (cert: string, key: string, ca: string): void => {
      copyFileSync(given(cert), at('server.pem'));
      copyFileSync(given(key), at('server.key'));
      copyFileSync(given(ca), at('ca.pem'));
    },
    write: (name: string, text: string): void => writeFileSync(at(name), text),
  };
}

/** Common name of the issuer of the certificate that a server shows in a new handshake. */
async function issuerAt(port: number): Promise<string | string[] | undefined> {
  const options = {
    cert: readFileSync(given('acme-trader.pem')),
    key: readFileSync(given('acme-trader.key')),
  };
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    ...options,
  });
  try {
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    return socket.getPeerCertificate().issuer.CN;
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}

const FIRST = 'Suho test authority';
const NEXT = 'Suho second test authority';

function channel(ca: string, client: string): ChannelCredentials {
  return credentials.createSsl(
    readFileSync(given(ca)),
    readFileSync(given(`${client}.key`)),
    readFileSync(given(`${client}.pem`)),
  );
}

test('a reload takes new certificates for new connections of gRPC and console, and refuses broken ones', async (t) => {
  const { tls, put, write } = tlsFiles(t);
  put('server.pem', 'server.key', 'ca.pem');
  const settings = { ...STORES_AWAY, tenants: [ACME], console: { port: 0 }, grpc: { port: 0, tls } };
  const engine = await openEngine(t, temporaryFolder(t), settings);
  const api = new ApiServer(engine, {
    simulated: false,
    read: () => loadConfig(undefined, {}, { ...settings, data: engine.config.data }),
  });
  const port = await api.listen();
  const web = new ConsoleServer(engine, api, { simulated: false });
  const consolePort = Number(new URL(await web.listen()).port);
  afterTest(t, async () => {
    await web.stop();
    await api.stop();
  });
  const clientOf = (of: ChannelCredentials): TestClient => {
    const client = new TestClient(port, of);
    afterTest(t, () => client.close());
    return client;
  };
  const reload = (): ReturnType<ApiServer['reload']>['certificate'] =>
    api.reload(() => loadConfig(undefined, {}, { ...settings, data: engine.config.data })).certificate;

  const before = clientOf(channel('ca.pem', 'acme-trader'));
  assert.equal((await before.publish(bars.slice(0, 5), KEY)).accepted, 5);
  const stream = before.stream({}, KEY);
  const ended = codeOf(stream);
  await new Promise((resolve) => stream.once('metadata', resolve));
  assert.deepEqual([await issuerAt(port), await issuerAt(consolePort)], [FIRST, FIRST]);
  assert.equal(reload()!.changed, false);

  // What is broken is refused in a sentence that names the file, and the old stays in use.
  const refusals: [() => void, RegExp][] = [
    [
      () => put('next-server.pem', 'server.key', 'ca.pem'),
      /the key in .*server\.key is not that of .*server\.pem/,
    ],
    [
      () => put('next-server-expired.pem', 'next-server.key', 'ca.pem'),
      /valid from 2020-01-01.* to 2021-01-01/,
    ],
    [() => write('server.pem', 'nothing'), /server\.pem holds no certificate in PEM\./],
    [
      () => write('server.pem', readFileSync(given('server.pem'), 'utf8').slice(0, 300)),
      /server\.pem holds no certificate in PEM\./,
    ],
    [() => write('server.key', ''), /server\.key holds no private key/],
    [() => write('ca.pem', 'nothing'), /ca\.pem holds no certificate in PEM\./],
  ];
  for (const [spoil, sentence] of refusals) {
    put('server.pem', 'server.key', 'ca.pem');
    spoil();
    assert.throws(reload, (error: Error) => {
      assert.match(error.message, /^TLS cannot be set up from grpc\.tls: [^\n]*\.$/);
      assert.match(error.message, sentence);
      return true;
    });
    assert.deepEqual([await issuerAt(port), await issuerAt(consolePort)], [FIRST, FIRST]);
  }

  put('next-server.pem', 'next-server.key', 'next-ca.pem');
  const report = reload()!;
  assert.equal(report.changed, true);
  assert.equal(new Date(report.expiresAt).toISOString(), '2126-11-03T18:09:11.000Z');
  assert.equal(await issuerAt(consolePort), NEXT);
  const after = clientOf(channel('next-ca.pem', 'next-trader'));
  assert.equal((await after.publish(bars.slice(5, 10), KEY)).accepted, 5);
  // The connection of before goes on; a new one with the certificates of before is not let in.
  assert.equal((await before.publish(bars.slice(0, 5), KEY)).duplicates, 5);
  assert.equal(await codeOf(clientOf(channel('ca.pem', 'acme-trader')).publish(bars, KEY)), 'UNAVAILABLE');
  assert.equal(
    await codeOf(clientOf(channel('next-ca.pem', 'acme-trader')).publish(bars, KEY)),
    'UNAVAILABLE',
  );
  stream.cancel();
  assert.equal(await ended, 'CANCELLED', 'the stream was open all the time');
});

test('suho reload and SIGHUP renew the certificate of a running engine, and say until when it is valid', async (t) => {
  const { tls, put, write } = tlsFiles(t);
  put('server.pem', 'server.key', 'ca.pem');
  const folder = temporaryFolder(t);
  const { clientCaFile: _unused, ...server } = tls;
  const { child, output, ended } = startEngine(t, folder, {
    simulator: { enabled: false },
    console: { enabled: false },
    grpc: { tls: server },
  });
  await eventually('it serves', () => output().includes('serving gRPC'), 120_000);
  const port = Number(/serving gRPC on 127\.0\.0\.1:(\d+)/.exec(output())![1]);
  const reload = async (ca: string): ReturnType<typeof runCommand> =>
    await runCommand(['reload', '--address', `localhost:${port}`], { SUHO_TLS_CA: given(ca) });
  const first = await reload('ca.pem');
  assert.equal(
    first.stdout,
    'tenants that changed: none\ncertificate as before, valid until 2126-10-31T15:29:26.000Z\n',
  );

  put('next-server.pem', 'next-server.key', 'ca.pem');
  child.kill('SIGHUP');
  await eventually('it says so', () =>
    output().includes('certificate changed, valid until 2126-11-03T18:09:11.000Z'),
  );
  assert.equal(await issuerAt(port), NEXT);

  const stranger = await reload('ca.pem');
  assert.match(
    stranger.stderr,
    /^suho: TLS with localhost:\d+ fails: .*certificate.* SUHO_TLS_CA is the authority/,
  );

  const doctor = async (): Promise<string> => {
    const args = ['doctor', '--config', path.join(folder, 'config.json'), '--data', temporaryFolder(t)];
    return (await runCommand(args)).stdout;
  };
  assert.match(await doctor(), /^ok +credentials: .*TLS until 2126-11-03/m);

  write('server.key', 'nothing');
  assert.match(await doctor(), /^FAILED +credentials: .*server\.key holds no private key/m);
  const refused = await reload('next-ca.pem');
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /^suho: The engine answered FAILED_PRECONDITION: TLS cannot be set up.*server\.key.*\n$/,
  );
  child.kill('SIGHUP');
  await eventually('it says that it keeps the old', () =>
    output().includes('the certificate stay as they were: TLS'),
  );
  assert.equal(await issuerAt(port), NEXT);
  child.kill('SIGTERM');
  assert.equal(await ended, 0, output());
});
