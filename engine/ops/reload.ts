import type { Config } from '../config.js';

/** What a reload did. */
export interface ReloadReport extends ChangedSettings {
  /** The certificate of `grpc.tls`: whether it is another than before, and when it expires, epoch milliseconds. */
  readonly certificate: { readonly changed: boolean; readonly expiresAt: number } | undefined;
}

/** What the settings themselves changed. */
interface ChangedSettings {
  /** Tenants that are new, gone or differ: their keys, quotas, gates and series are those of the file now. */
  readonly tenants: readonly string[];
  /** Settings that differ and take effect at the next start. */
  readonly needRestart: readonly string[];
}

/**
 * Puts the tenants and quotas of a newly read configuration into the one that is in force. The parts that ask for a tenant's quotas
 * or gates ask each time, and a signal actor holds the gates of its tenant by reference, so that they apply to the next call
 * and bar. All other settings are fixed at the start.
 */
export function applyReload(inForce: Config, read: Config): ChangedSettings {
  const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  const before = new Map(inForce.tenants.map((tenant) => [tenant.id, tenant]));
  const after = new Map(read.tenants.map((tenant) => [tenant.id, tenant]));
  const tenants = [...new Set([...before.keys(), ...after.keys()])].filter((id) =>
    differs(before.get(id), after.get(id)),
  );
  const needRestart = (Object.keys(read) as (keyof Config)[]).filter(
    (name) => name !== 'tenants' && name !== 'quotas' && differs(inForce[name], read[name]),
  );
  inForce.tenants.splice(
    0,
    Infinity,
    ...read.tenants.map((tenant) => {
      const known = before.get(tenant.id);
      if (known === undefined) return tenant;
      const gates = Object.assign(known.gates, tenant.gates);
      return { ...tenant, gates };
    }),
  );
  if (differs(inForce.quotas, read.quotas)) {
    Object.assign(inForce.quotas, read.quotas);
    return { tenants: [...tenants, '(quotas of all)'], needRestart };
  }
  return { tenants, needRestart };
}
