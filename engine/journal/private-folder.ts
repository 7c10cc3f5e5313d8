import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** User and group that a server of root's runs as, where it refuses to run as root. */
export const NOBODY = 65_534;

/** Bits that let a file's or folder's group and others in. */
const OTHERS = 0o007;

/**
 * Makes a folder and those above it, step by step: Node's own recursion never ends where nothing may be made, as in
 * /proc. Nobody but this user gets into it; of root's, the group `NOBODY` passes through, without listing it, to what a
 * server that runs as that group owns inside. A folder that is there already is closed to others when it is empty or
 * `isOwn` says that it is ours.
 */
export function makePrivateFolder(folder: string, isOwn: (folder: string) => boolean): void {
  if (!existsSync(folder)) {
    makeFolder(path.dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
    letPass(folder);
    return;
  }
  const { mode, uid } = statSync(folder);
  const isOpen = (mode & OTHERS) !== 0 && uid === process.getuid?.();
  if (!isOpen || !(isOwn(folder) || readdirSync(folder).length === 0)) return;
  chmodSync(folder, 0o700);
  letPass(folder);
}

function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder, { mode: 0o755 });
}

function letPass(folder: string): void {
  if (process.getuid?.() !== 0) return;
  try {
    chownSync(folder, 0, NOBODY);
    chmodSync(folder, 0o710);
  } catch {
    // Where this root may give nothing to others, as in a container without their ids, its servers run otherwise.
    chmodSync(folder, 0o700);
  }
}
