/** What came of a batch. The numbers of an inference lie in the slab. */
export type BatchAnswer =
  | { readonly kind: 'inferred' }
  | { readonly kind: 'failed'; readonly code: 'BAD_MODEL'; readonly message: string };

/** What comes out of a worker; once loaded, the number that Linux knows its thread by. */
export type FromWorker = BatchAnswer | { readonly kind: 'loaded'; readonly osThread: number | undefined };
