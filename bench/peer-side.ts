// A worker thread: one side of a comparison on the indicators both have. Each side has a thread of its own, for in one
// heap the other's garbage would be collected on its time.
import { parentPort, workerData } from 'node:worker_threads';
import { inventedBars } from '../test/support/markets.js';
import { comparisonWith, type Peer } from './peer-indicators.js';
import { median, nanosecondsPerBar } from './report.js';

export interface PeerSide {
  readonly peer: Peer;
  readonly side: 'suho' | 'peer';
}

const WARM_UP_ROUNDS = 10;
const ROUNDS = 15;

const { peer, side } = workerData as PeerSide;
const feed = comparisonWith(peer)[side];
const bars = inventedBars(20_000);
// It goes on with its own state from round to round, as it does behind a live market.
const rounds = Array.from({ length: WARM_UP_ROUNDS + ROUNDS }, () => nanosecondsPerBar(bars, feed));
parentPort!.postMessage(median(rounds.slice(WARM_UP_ROUNDS)));
