/** What a caller may do, each role including those before it. */
export const ROLES = ['viewer', 'trader', 'engineer', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls, as the credential says. */
export interface Caller {
  readonly tenantId: string;
  readonly userId: string | undefined;
  readonly role: Role;
  /** Whether the credential is still valid: neither expired nor revoked. */
  readonly isValid: () => boolean;
}

export function isRole(text: unknown): text is Role {
  return ROLES.includes(text as Role);
}

/** Whether a role includes another. */
export function covers(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
