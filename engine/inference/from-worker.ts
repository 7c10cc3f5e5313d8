/** What comes out of a worker. The numbers of an inference lie in the slab. */
export type FromWorker =
  | { readonly kind: 'inferred'; readonly rows: number; readonly runMs: number }
  | {
      readonly kind: 'checked';
      /** Whether every row came out bit for bit the same at batch sizes 1 and 64. */
      readonly batchInvariant: boolean;
    }
  | { readonly kind: 'failed'; readonly code: 'BAD_MODEL'; readonly message: string };
