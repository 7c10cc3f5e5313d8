import { DEFAULT_GATES, type Gates } from '../actors/signals/gates.js';
import type { Config } from './config.js';

/** The gates that signals of tenants meet now: a configuration may be read again. */
export function gatesBy(config: Config): (tenantId: string) => Gates {
  return (tenantId) => config.tenants.find(({ id }) => id === tenantId)?.gates ?? DEFAULT_GATES;
}
