import { statSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import type { InferenceSession } from '../onnx-runtime.js';
import { BadModel, openModel } from './model-session.js';
import type { ModelFile } from './to-worker.js';

/**
 * Memory of an open model beside its file: measured with ONNX Runtime 1.30 after a run of 64 rows, files of 0.1, 0.36,
 * 1.7 and 19.6 MB took 0.66, 0.97, 2.8 and 31 MB.
 */
const SESSION_BYTES = 640 * 1024;
const FILE_FACTOR = 1.6;

interface Open {
  readonly session: Promise<InferenceSession>;
  /** Runs that use it now. */
  uses: number;
  /** Whether it has left the cache: it is released when nothing uses it any more. */
  dropped: boolean;
}

/** A session for as long as one run needs it. */
export interface Lease {
  readonly session: Promise<InferenceSession>;
  end(): void;
}

/**
 * Models that a worker keeps open, bounded by the memory they take; the one unused for longest is released first, and
 * never one that runs. Opening costs a hundred times what a run does, so models used in turn should all fit.
 */
export class Sessions {
  readonly #open: LRUCache<string, Open>;
  readonly #bytesMax: number;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#open = new LRUCache<string, Open>({
      maxSize: bytesMax,
      dispose: (open) => {
        open.dropped = true;
        release(open);
      },
    });
  }

  /** Models open now, and the memory they are counted with. */
  get usage(): { readonly models: number; readonly bytes: number } {
    return { models: this.#open.size, bytes: this.#open.calculatedSize };
  }

  /** Opens a model, or takes it from what is open. Throws `BadModel` for one that is missing or larger than the memory. */
  lease(file: ModelFile): Lease {
    const open = this.#open.get(file.sha256) ?? this.#add(file);
    open.uses++;
    let ended = false;
    return {
      session: open.session,
      end: () => {
        if (ended) return;
        ended = true;
        open.uses--;
        release(open);
      },
    };
  }

  #add(file: ModelFile): Open {
    const size = Math.ceil(SESSION_BYTES + FILE_FACTOR * fileBytes(file));
    if (size > this.#bytesMax)
      throw new BadModel(
        `${file.path} takes about ${Math.ceil(size / 2 ** 20)} MB in a worker that has ${Math.floor(this.#bytesMax / 2 ** 20)}: raise inference.sessionMegabytes.`,
      );
    const open: Open = { session: openModel(file), uses: 0, dropped: false };
    this.#open.set(file.sha256, open, { size });
    open.session.catch(() => {
      if (this.#open.peek(file.sha256) === open) this.#open.delete(file.sha256);
    });
    return open;
  }
}

/** Releases a session that nothing needs. One that is open is released before the turn ends, so within the task. */
function release(open: Open): void {
  if (!open.dropped || open.uses > 0) return;
  void open.session.then(
    (session) => session.release(),
    // It never opened: there is nothing to release.
    () => undefined,
  );
}

function fileBytes(file: ModelFile): number {
  const stats = statSync(file.path, { throwIfNoEntry: false });
  if (stats === undefined) throw new BadModel(`There is no model file ${file.path}.`);
  return stats.size;
}
