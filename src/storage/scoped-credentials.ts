/** Keys for one flow's prefix; `expiration` is absent for configured static keys. */
export interface ScopedCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** RFC 3339. */
  expiration?: string;
}

/** Mints keys that can write and read below `flows/<flow>/<attempt>/` and nowhere else (session policy), or hands out the static ones. */
export interface CredentialMinter {
  /** Seconds that a minted key lives; undefined: for ever. */
  readonly lifetimeSeconds: number | undefined;
  mint(flow: string, signal: AbortSignal): Promise<ScopedCredentials>;
}
