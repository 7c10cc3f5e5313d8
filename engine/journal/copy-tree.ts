import { chmod, chown, copyFile, lstat, mkdir, readdir, readlink, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';

/**
 * Copies a folder with the owners and rights of what is in it. Files that go away meanwhile are left out, as programs that use
 * the folder remove some. `isLeftOut` is asked with each path relative to the folder.
 */
export async function copyTree(
  from: string,
  to: string,
  isLeftOut: (relative: string) => boolean = () => false,
): Promise<void> {
  await copyEntry(from, to, '', isLeftOut);
}

async function copyEntry(
  from: string,
  to: string,
  relative: string,
  isLeftOut: (relative: string) => boolean,
): Promise<void> {
  const source = path.join(from, relative);
  const target = path.join(to, relative);
  try {
    const entry = await lstat(source);
    if (entry.isDirectory()) {
      await mkdir(target, { recursive: true });
      for (const name of await readdir(source)) {
        const next = path.join(relative, name);
        if (!isLeftOut(next)) await copyEntry(from, to, next, isLeftOut);
      }
    } else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.isFile()) await copyFile(source, target);
    else return;
    if (entry.isSymbolicLink()) return;
    if (process.getuid?.() === 0) await chown(target, entry.uid, entry.gid);
    await chmod(target, entry.mode);
    await utimes(target, entry.atime, entry.mtime);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
