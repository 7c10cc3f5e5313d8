import type { Config } from '../config.js';
import type { ArtifactStore } from './artifact-store.js';
import { FolderArtifactStore } from './folder-artifact-store.js';
import { S3ArtifactStore } from './s3-artifact-store.js';

/** The place of model files that is configured: an S3 server with a folder before it, or the folder alone. */
export function openArtifacts(folder: string, { uri, ...settings }: Config['artifacts']): ArtifactStore {
  const local = new FolderArtifactStore(folder);
  return uri === undefined ? local : new S3ArtifactStore(local, { uri, ...settings });
}
