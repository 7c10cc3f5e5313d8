import path from 'node:path';
import type { Config } from '../config.js';
import { FolderRelationStore } from './folder-relation-store.js';
import type { RelationStore } from './relation-store.js';
import { WeaviateRelationStore } from './weaviate-relation-store.js';

/** Relations in Weaviate where one is configured, else in a data folder. */
export function openRelations({ url, apiKey }: Config['weaviate'], folder: string): RelationStore {
  return url === undefined
    ? new FolderRelationStore(path.join(folder, 'relations'))
    : new WeaviateRelationStore({ url, apiKey });
}
