import type { Profiler } from 'node:inspector/promises';

/**
 * Parts of a bar's way by the files they lie in. A sample belongs to the first rule that one of its frames matches,
 * looked for from the innermost frame outwards.
 */
const STAGES: readonly (readonly [stage: string, files: RegExp])[] = [
  ['features', /actors\/(indicators|market\/data-quality|features\/(?!labels))/],
  ['labels', /actors\/features\/labels/],
  ['signal', /actors\/(signals|signal-actor|tenant-actor)/],
  ['actors', /actors\//],
  ['inference hop', /engine\/inference|node_modules\/piscina|internal\/worker/],
  ['patterns', /engine\/patterns|usearch/],
  ['evidence', /engine\/evidence/],
  ['journal', /engine\/journal|node_modules\/(lmdb|msgpackr)/],
  ['sink features', /engine\/sinks\/feature-target|engine\/feature-store|chdb|@clickhouse/],
  ['sink predictions', /engine\/sinks\/prediction-target|engine\/prediction-store|node_modules\/pg/],
  ['sinks', /engine\/sinks/],
  ['instruments', /engine\/instruments/],
  ['intake', /engine\/intake/],
  ['gRPC out', /engine\/api\/signal-|engine\/publication/],
  ['gRPC in', /engine\/api/],
  ['gRPC library', /node_modules\/@grpc|node_modules\/protobufjs|node:internal\/http2|node:http2/],
];

interface Frame {
  readonly url: string;
  readonly name: string;
  readonly parent: Frame | undefined;
}

function stageOf(leaf: Frame): string {
  if (leaf.name === '(garbage collector)') return 'garbage collector';
  if (leaf.name === '(idle)') return 'idle';
  for (let frame: Frame | undefined = leaf; frame !== undefined; frame = frame.parent) {
    const { url } = frame;
    const stage = url === '' ? undefined : STAGES.find(([, files]) => files.test(url))?.[0];
    if (stage !== undefined) return stage;
  }
  return leaf.name === '(program)' ? 'native and kernel' : 'Node';
}

/** Microseconds of a profile by stage; time in which the thread was idle is left out. */
export function stagesOf(profile: Profiler.Profile): Record<string, number> {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const { id, children } of profile.nodes) for (const child of children ?? []) parents.set(child, id);
  const frames = new Map<number, Frame>();
  const frameOf = (id: number): Frame => {
    let frame = frames.get(id);
    if (frame === undefined) {
      const { url, functionName } = nodes.get(id)!.callFrame;
      const parent = parents.get(id);
      frame = { url, name: functionName, parent: parent === undefined ? undefined : frameOf(parent) };
      frames.set(id, frame);
    }
    return frame;
  };
  const stages: Record<string, number> = {};
  profile.samples?.forEach((id, i) => {
    const stage = stageOf(frameOf(id));
    if (stage !== 'idle') stages[stage] = (stages[stage] ?? 0) + profile.timeDeltas![i]!;
  });
  return stages;
}
