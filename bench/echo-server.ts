import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { loadClients } from '../engine/api/definition.js';
import type { PublishAck } from '../engine/api/generated/suho/v1/PublishAck.js';
import type { PublishBarsRequest__Output as PublishBarsRequest } from '../engine/api/generated/suho/v1/PublishBarsRequest.js';

/** The floor of a load: a server of the same library and protocol that acknowledges each bar at once and does nothing else. */
const { MarketDataService, SignalService } = loadClients() as Record<string, { service: never }>;
const server = new Server();
server.addService(MarketDataService!.service, {
  PublishBars: (call: ServerDuplexStream<PublishBarsRequest, PublishAck>) => {
    call.on('data', ({ request_id, bars }: PublishBarsRequest) =>
      call.write({ request_id, accepted: bars.length }),
    );
    call.on('end', () => call.end());
  },
  PublishQuotes: () => undefined,
});
server.addService(SignalService!.service, {
  StreamSignals: (call: ServerDuplexStream<unknown, unknown>) => call.sendMetadata(call.metadata.clone()),
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, port) => process.send!({ port }));
process.on('disconnect', () => process.exit(0));
