/** What comes out of a worker. The numbers of an inference lie in the slab. */
export type FromWorker =
  | { readonly kind: 'inferred'; readonly rows: number; readonly runMs: number }
  | { readonly kind: 'failed'; readonly code: 'BAD_MODEL'; readonly message: string };
