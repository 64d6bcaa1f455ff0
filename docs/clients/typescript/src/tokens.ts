// Judges access tokens in memory, by keys and revocations that somebody else keeps up to date.

import { createHash, createPublicKey, KeyObject, verify as verifySignature } from "node:crypto";

import { Revocation } from "./messages";

const MAX_TOKEN_BYTES = 4096;
const MAX_KEYS = 100;
const MIN_RSA_BITS = 2048;
const EVERY_EPOCH = 2n ** 63n - 1n;

/** The token is not good: forged, expired, revoked, for somebody else, or none. The message is for logs. */
export class TokenRefused extends Error {}

/** The tenant takes no calls, so none of its tokens is good now. They may be again later. */
export class TenantClosed extends TokenRefused {
  constructor(
    /** As the server says it to callers. */
    readonly reason: "TENANT_FROZEN" | "TENANT_MOVED",
    /** Of a tenant that has moved: where to, in its operator's words; may be empty. */
    readonly destination = "",
  ) {
    super(destination ? `${reason}: ${destination}` : reason);
  }
}

/** Whether the token is good is not known now, since nothing was heard from the server lately. */
export class RevocationsUnknown extends Error {}

/** What an access token says. Times are seconds since 1970. */
export interface Claims {
  iss: string;
  aud: string;
  /** The tenant. */
  tid: string;
  /** The user. */
  sub: string;
  /** The session. */
  sid: string;
  /** The user's epoch. */
  uep: number;
  roles: string[];
  amr: string[];
  auth_time: number;
  jti: string;
  iat: number;
  exp: number;
  nbf?: number;
}

export interface TokenOptions {
  /** The tenant's issuer, which is auth.issuer of the server or below it (docs/verifying.md), and auth.audience. Default: "gatehouse". */
  issuer?: string;
  audience?: string;
  /** How far ahead the clock of who signed may be. Default: 30,000. */
  leewayMs?: number;
  /** Revocations may be known no later than this long ago. Default: 5,000. Heartbeats come each second. */
  maxStalenessMs?: number;
  /** When they are older: accept tokens until they expire instead of RevocationsUnknown. */
  acceptWhenStale?: boolean;
  /** Default: 32,768. */
  maxCachedTokens?: number;
  /** Default: 262,144. */
  maxRevocations?: number;
}

interface Key {
  id: string;
  alg: string;
  key: KeyObject;
}

/** Without padding and without bits that stand for nothing, so that one value has one text. */
function decode(text: string): Buffer | undefined {
  const raw = Buffer.from(text, "base64url");
  return raw.toString("base64url") === text ? raw : undefined;
}

interface Jwk {
  kty?: string;
  crv?: string;
  alg?: string;
  kid?: string;
  [member: string]: unknown;
}

/** undefined for a key of an unknown kind, and for one that is malformed. The algorithm is the key's. */
function keyOf(jwk: Jwk): Key | undefined {
  const kind = [jwk.kty, jwk.crv, jwk.alg].join(" ");
  if (!jwk.kid || !jwk.alg || !["EC P-256 ES256", "OKP Ed25519 EdDSA", "RSA  RS256"].includes(kind)) return undefined;
  try {
    const key = createPublicKey({ key: jwk as never, format: "jwk" });
    if (jwk.alg === "RS256" && (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) return undefined;
    return { id: jwk.kid, alg: jwk.alg, key };
  } catch {
    return undefined;
  }
}

/** Keys by the header of every token that they sign, which is one text. Those of other kinds are left out. */
function parseKeys(jwksJson: string): Map<string, Key> {
  const found = new Map<string, Key>();
  const jwks = JSON.parse(jwksJson) as { keys: Jwk[] };
  for (const jwk of jwks.keys.slice(0, MAX_KEYS)) {
    const key = keyOf(jwk);
    if (!key) continue;
    const header = JSON.stringify({ alg: jwk.alg, kid: jwk.kid, typ: "at+jwt" });
    found.set(Buffer.from(header).toString("base64url"), key);
  }
  if (found.size === 0) throw new Error("the key set has no usable key");
  return found;
}

function isSigned(by: Key, message: Buffer, signature: Buffer): boolean {
  switch (by.alg) {
    case "ES256":
      return signature.length === 64 && verifySignature("sha256", message, { key: by.key, dsaEncoding: "ieee-p1363" }, signature);
    case "EdDSA":
      return verifySignature(null, message, by.key, signature);
    default:
      return verifySignature("sha256", message, by.key, signature);
  }
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === "string");

function parseClaims(payload: string): Claims {
  const raw = decode(payload);
  let said: Record<string, unknown> | null = null;
  try {
    if (raw) said = JSON.parse(raw.toString("utf8"));
  } catch {
    // Said below.
  }
  const texts = ["iss", "aud", "tid", "sub", "sid", "jti"];
  const numbers = ["uep", "auth_time", "iat", "exp"];
  if (
    said === null ||
    typeof said !== "object" ||
    !texts.every((name) => isText(said[name])) ||
    !numbers.every((name) => isNumber(said[name])) ||
    !(said["nbf"] === undefined || isNumber(said["nbf"])) ||
    !isTexts(said["roles"]) ||
    !isTexts(said["amr"])
  ) {
    throw new TokenRefused("a claim is missing or malformed");
  }
  return said as unknown as Claims;
}

/** By what a key is found among what is revoked, beside users and sessions. */
const keySubject = (id: string): string => `key ${id}`;

/**
 * Waits for nothing: a token that was seen before costs a SHA-256 and a look-up, another one a signature.
 *
 * Bounded: tokens and revocations have a number each. A full cache forgets the tokens that were used longest ago; a
 * revocation for which there is no room makes all answers uncertain until it would have been dropped.
 */
export class TokenVerifier {
  readonly #options: Required<TokenOptions>;
  #keys = new Map<string, Key>();
  // In the order of their last use.
  readonly #cache = new Map<string, Claims>();
  // Of sessions and users: epochs below are dead, and until when that is of use.
  readonly #revoked = new Map<string, { minEpoch: bigint; dropAfter: number }>();
  #lostUntil = 0;
  #knownUntil = -Infinity;
  #keysWanted = false;
  // undefined while the tenant takes calls.
  #closed: { reason: TenantClosed["reason"]; destination: string } | undefined;

  constructor(options: TokenOptions = {}) {
    this.#options = {
      issuer: options.issuer ?? "gatehouse",
      audience: options.audience ?? "gatehouse",
      leewayMs: options.leewayMs ?? 30_000,
      maxStalenessMs: options.maxStalenessMs ?? 5_000,
      acceptWhenStale: options.acceptWhenStale ?? false,
      maxCachedTokens: options.maxCachedTokens ?? 32 * 1024,
      maxRevocations: options.maxRevocations ?? 256 * 1024,
    };
  }

  /** What the token says, if it is genuine, live and not revoked. Throws TokenRefused (TenantClosed) or RevocationsUnknown. */
  verify(token: string): Claims {
    if (token.length > MAX_TOKEN_BYTES) throw new TokenRefused("the token is too long");
    if (this.#closed) throw new TenantClosed(this.#closed.reason, this.#closed.destination);
    const now = Date.now();
    const digest = createHash("sha256").update(token).digest("base64");
    const claims = this.#cache.get(digest) ?? this.#read(token, now);
    this.#cache.delete(digest);
    if (claims.exp * 1000 <= now) throw new TokenRefused("the token has expired");
    if (this.#isRevoked(claims)) throw new TokenRefused("the token was revoked");
    this.#cache.set(digest, claims);
    if (this.#cache.size > this.#options.maxCachedTokens) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest);
        break;
      }
    }
    const known = this.stalenessMs() <= this.#options.maxStalenessMs && this.#lostUntil <= now;
    if (!known && !this.#options.acceptWhenStale) {
      throw new RevocationsUnknown("whether the token was revoked is not known now");
    }
    return claims;
  }

  #read(token: string, now: number): Claims {
    if (this.#keys.size === 0) throw new RevocationsUnknown("no keys are known yet");
    const [header, payload, signature, more] = token.split(".");
    if (header === undefined || payload === undefined || signature === undefined || more !== undefined) {
      throw new TokenRefused("the token does not have three parts");
    }
    // Nothing in the header is parsed, let alone trusted: each key has one.
    const key = this.#keys.get(header);
    if (!key) {
      this.#keysWanted = true;
      throw new TokenRefused("the token's header is not that of any key");
    }
    if (this.#revoked.has(keySubject(key.id))) {
      // A key set that has it still is an old one.
      this.#keysWanted = true;
      throw new TokenRefused("the token's key was removed");
    }
    const raw = decode(signature);
    if (!raw || !isSigned(key, Buffer.from(`${header}.${payload}`), raw)) throw new TokenRefused("the signature is wrong");
    const claims = parseClaims(payload);
    if (claims.iss !== this.#options.issuer || claims.aud !== this.#options.audience) {
      throw new TokenRefused("another issuer or audience");
    }
    if (Math.max(claims.iat, claims.nbf ?? 0) * 1000 > now + this.#options.leewayMs) {
      throw new TokenRefused("the token is not valid yet");
    }
    return claims;
  }

  #isRevoked(claims: Claims): boolean {
    if (this.#revoked.has(claims.sid)) return true;
    const ofUser = this.#revoked.get(claims.sub);
    return ofUser !== undefined && BigInt(claims.uep) < ofUser.minEpoch;
  }

  /** The keys that there are now (a JSON Web Key Set): what others signed is refused at once. */
  setKeys(jwksJson: string): void {
    const keys = parseKeys(jwksJson);
    for (const header of this.#keys.keys()) {
      if (!keys.has(header)) this.#cache.clear();
    }
    this.#keys = keys;
  }

  revoke(revocation: Revocation): void {
    if (revocation.sessionId) this.#revoke(revocation.sessionId, EVERY_EPOCH, revocation.dropAfter);
    if (revocation.userId) this.#revoke(revocation.userId, revocation.minUserEpoch, revocation.dropAfter);
    if (revocation.signingKeyId) {
      // What it signed is refused at once, and so it is while a key set has it still.
      this.#revoke(keySubject(revocation.signingKeyId), EVERY_EPOCH, revocation.dropAfter);
      this.#cache.clear();
    }
  }

  /** The tenant takes no calls until it is opened. */
  tenantClosed(reason: TenantClosed["reason"], destination = ""): void {
    this.#closed = { reason, destination };
  }

  tenantOpened(): void {
    this.#closed = undefined;
  }

  /** Whether keys are of no use now. */
  isClosed(): boolean {
    return this.#closed !== undefined;
  }

  #revoke(subject: string, minEpoch: bigint, dropAfter: number): void {
    const known = this.#revoked.get(subject);
    // Said again, it is no news.
    if (dropAfter <= Date.now() || (known !== undefined && known.minEpoch >= minEpoch)) return;
    if (known === undefined && this.#revoked.size >= this.#options.maxRevocations) {
      this.dropExpired();
      if (this.#revoked.size >= this.#options.maxRevocations) {
        this.#lostUntil = Math.max(this.#lostUntil, dropAfter);
        return;
      }
    }
    this.#revoked.set(subject, { minEpoch, dropAfter });
  }

  /** Forgets what is of no use any more. Now and then. */
  dropExpired(): void {
    const now = Date.now();
    for (const [subject, known] of this.#revoked) {
      if (known.dropAfter <= now) this.#revoked.delete(subject);
    }
  }

  /** Everything that was revoked before `moment` of performance.now() was told. */
  revocationsKnownUntil(moment: number): void {
    this.#knownUntil = moment;
  }

  /** Whether a token came, since the last call of this, that may be signed by a key that is not known yet. */
  takeKeysWanted(): boolean {
    const wanted = this.#keysWanted;
    this.#keysWanted = false;
    return wanted;
  }

  /** How long ago it was that revocations were known; Infinity if they never were. */
  stalenessMs(): number {
    return performance.now() - this.#knownUntil;
  }
}
