import { pack, unpack } from 'msgpackr';
import type { InputDriftState } from './input-drift.js';
import type { MonitorState } from './model-monitor.js';

const FORMAT = 1;

/** Windows with their counts as bytes: shorter than numbers one by one, and the same everywhere. */
function packed({ windows, skip }: InputDriftState): object {
  return {
    skip,
    windows: windows.map(({ rows, counts }) => ({
      rows,
      counts: Buffer.from(counts.buffer, counts.byteOffset, counts.byteLength),
    })),
  };
}

function unpacked({
  windows,
  skip,
}: {
  readonly skip: number;
  readonly windows: readonly { readonly rows: number; readonly counts: Uint8Array }[];
}): InputDriftState {
  return {
    skip,
    windows: windows.map(({ rows, counts }) => ({ rows, counts: new Uint16Array(counts.slice().buffer) })),
  };
}

/** A monitor's state as bytes. */
export function encodeMonitor(state: MonitorState): Uint8Array {
  return pack({ ...state, format: FORMAT, inputs: packed(state.inputs), anomaly: packed(state.anomaly) });
}

/** The state of bytes that {@link encodeMonitor} wrote; undefined for those of another format. */
export function decodeMonitor(bytes: Uint8Array): MonitorState | undefined {
  const state = unpack(bytes) as MonitorState & {
    readonly format?: unknown;
    readonly inputs: Parameters<typeof unpacked>[0];
    readonly anomaly: Parameters<typeof unpacked>[0];
  };
  if (state?.format !== FORMAT) return undefined;
  return { ...state, inputs: unpacked(state.inputs), anomaly: unpacked(state.anomaly) };
}
