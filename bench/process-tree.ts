import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Clock ticks of /proc a second: USER_HZ, 100 on every Linux that Node runs on. */
const TICK_MICROSECONDS = 10_000;

/** Processes below one, those below them included. */
function below(pid: number): number[] {
  const found: number[] = [];
  try {
    for (const task of readdirSync(`/proc/${pid}/task`))
      for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '))
        if (child !== '') found.push(Number(child), ...below(Number(child)));
  } catch {
    // It has ended.
  }
  return found;
}

/** CPU that the processes below this one took so far, those that ended included, microseconds. */
export function cpuBelow(pid: number): number {
  let microseconds = 0;
  for (const child of below(pid))
    try {
      const [, , ...fields] = readFileSync(`/proc/${child}/stat`, 'utf8').split(/\) | /);
      // utime, stime, cutime, cstime: fields 14 to 17, of which the first two are split off.
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      microseconds += ticks * TICK_MICROSECONDS;
    } catch {
      // It has ended.
    }
  return microseconds;
}

/** Memory of a process and of those below it, pages that they share counted once, bytes. */
export function memoryOfTree(pid: number): number {
  let bytes = 0;
  for (const each of [pid, ...below(pid)])
    try {
      const [, kilobytes] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'utf8')) ?? [];
      bytes += Number(kilobytes ?? 0) * 1_024;
    } catch {
      // It has ended.
    }
  return bytes;
}

/** Bytes on disk of a file, or of all files in a folder. */
export function bytesIn(folder: string): number {
  if (!statSync(folder).isDirectory()) return statSync(folder).blocks * 512;
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    try {
      bytes += entry.isDirectory() ? bytesIn(at) : statSync(at).blocks * 512;
    } catch {
      // It was removed meanwhile.
    }
  }
  return bytes;
}
