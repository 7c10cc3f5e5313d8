import { endServer, launchServer, type ServerName } from '../test/support/servers.js';

/** Does a job with a server and ends it; notes it as skipped where it is not installed. */
export async function withServer(
  name: ServerName,
  lines: string[],
  job: (port: number) => Promise<void>,
): Promise<void> {
  const server = await launchServer(name);
  if (typeof server === 'string') {
    lines.push(`${name} SKIPPED: ${server}`);
    return;
  }
  try {
    await job(server.port);
  } finally {
    await endServer(server);
  }
}
