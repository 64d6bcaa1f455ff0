// Verifies Gatehouse's access tokens in this process: at the speed of memory, and within a second of a logout anywhere.
//
//   const verifier = new Verifier("gatehouse:50051", apiKey, { issuer: "https://id.example.com", credentials: credentials.createSsl() });
//   verifier.start();
//   const claims = verifier.verify(token); // throws TokenRefused or RevocationsUnknown

import { ChannelCredentials, Client, ClientReadableStream, credentials, Metadata } from "@grpc/grpc-js";

import { jwksOf, TENANT_STATE_ACTIVE, TENANT_STATE_MOVED, Watched, watchedOf, watchRequest } from "./messages";
import { Claims, TokenOptions, TokenVerifier } from "./tokens";

export { Claims, RevocationsUnknown, TenantClosed, TokenOptions, TokenRefused, TokenVerifier } from "./tokens";

const GET_JWKS = "/gatehouse.v1.SessionService/GetJwks";
const WATCH_REVOCATIONS = "/gatehouse.v1.SessionService/WatchRevocations";

const KEYS_INTERVAL_MS = 300_000;
// Whoever sends tokens with made-up headers does not make this fetch keys all the time.
const KEYS_PAUSE_MS = 2_000;
// Shorter than SILENCE_MS: the stream is not read meanwhile.
const KEYS_TIMEOUT_MS = 3_000;
// After keys did not come that nobody said are other ones.
const KEYS_RETRY_MS = 10_000;
// Of a stream that has a heartbeat each second: then the connection is dead, known or not.
const SILENCE_MS = 5_000;
const DROP_INTERVAL_MS = 60_000;
// Messages in a row that are late, after which it is no stall that is over.
const MOST_LAGGING = 5;

export interface VerifierOptions extends TokenOptions {
  /** Default: plain text, for a server on this machine. */
  credentials?: ChannelCredentials;
  /** After a break. Defaults: 100 and 5,000. */
  minBackoffMs?: number;
  maxBackoffMs?: number;
}

const asIs = (message: Buffer): Buffer => message;

/**
 * Until when revocations are known, on the watch of this process, although the server says it by its own clock.
 *
 * The smallest difference between the two that any message of a stream showed is that of the message that travelled
 * fastest; measured by it one that lay in a buffer for long is as old as it is. When the server's clock is set back, or the
 * two drift for days, all that comes looks late: then another stream measures anew.
 */
class Freshness {
  readonly #maxLagMs: number;
  #offset = Infinity;
  #lagging = 0;

  constructor(maxLagMs: number) {
    this.#maxLagMs = maxLagMs;
  }

  heard(asOf: number, serverTime: number, received: number): number {
    const offset = received - serverTime;
    this.#offset = Math.min(this.#offset, offset);
    this.#lagging = offset - this.#offset > this.#maxLagMs ? this.#lagging + 1 : 0;
    return asOf + this.#offset;
  }

  lags(): boolean {
    return this.#lagging >= MOST_LAGGING;
  }
}

/** Follows a server's keys and revocations, and judges tokens by them. */
export class Verifier {
  readonly #tokens: TokenVerifier;
  readonly #maxLagMs: number;
  readonly #client: Client;
  readonly #metadata = new Metadata();
  readonly #minBackoffMs: number;
  readonly #maxBackoffMs: number;
  #index = 0n;
  #tenantId = "";
  #keysDue = 0;
  #keysAgain = 0;
  #dropDue = 0;
  #stream: ClientReadableStream<Buffer> | undefined;
  #wake: (() => void) | undefined;
  #stopping = false;
  #announceReady: () => void = () => {};

  /** Resolves when revocations are known for the first time. */
  readonly ready: Promise<void>;
  /** Why the last stream ended. */
  lastError: unknown;

  constructor(address: string, apiKey: string, options: VerifierOptions = {}) {
    this.#tokens = new TokenVerifier(options);
    this.#maxLagMs = (options.maxStalenessMs ?? 5_000) / 2;
    this.#minBackoffMs = options.minBackoffMs ?? 100;
    this.#maxBackoffMs = options.maxBackoffMs ?? 5_000;
    // A connection of its own, that comes back as soon as this asks for it again.
    this.#client = new Client(address, options.credentials ?? credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.initial_reconnect_backoff_ms": this.#minBackoffMs,
      "grpc.max_reconnect_backoff_ms": this.#maxBackoffMs,
    });
    this.#metadata.set("authorization", `Bearer ${apiKey}`);
    this.ready = new Promise((resolve) => (this.#announceReady = resolve));
  }

  /** Begins to follow the server; does not wait for it. */
  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopping = true;
    this.#stream?.cancel();
    this.#wake?.();
    this.#client.close();
  }

  /** See TokenVerifier.verify. */
  verify(token: string): Claims {
    return this.#tokens.verify(token);
  }

  /** How old what is known of revocations is; Infinity before the first time. */
  stalenessMs(): number {
    return this.#tokens.stalenessMs();
  }

  async #run(): Promise<void> {
    let backoff = this.#minBackoffMs;
    while (!this.#stopping) {
      try {
        await this.#follow(() => (backoff = this.#minBackoffMs));
      } catch (error) {
        this.lastError = error;
      }
      // Those who lost one server do not come back at one moment.
      await this.#pause(backoff * (0.5 + Math.random() / 2));
      backoff = Math.min(backoff * 2, this.#maxBackoffMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#stopping ? 0 : ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** One stream, until it breaks. Whoever gets no further than its beginning must not come back at once, each time. */
  async #follow(onKnown: () => void): Promise<void> {
    // The first message says whose keys they are.
    this.#keysDue = 0;
    const stream = this.#client.makeServerStreamRequest(
      WATCH_REVOCATIONS,
      asIs,
      asIs,
      watchRequest(this.#index),
      this.#metadata,
    );
    // Reading throws it; what comes after the last read concerns nobody.
    stream.on("error", () => {});
    this.#stream = stream;
    const freshness = new Freshness(this.#maxLagMs);
    // Reading would not notice a connection that is dead without saying so.
    const guard = setTimeout(() => stream.cancel(), SILENCE_MS);
    try {
      for await (const message of stream) {
        const received = performance.now();
        guard.refresh();
        const said = watchedOf(message as Buffer);
        await this.#apply(said, freshness, received);
        if (said.asOf !== undefined) onKnown();
        if (freshness.lags()) throw new Error("messages come late, or the server's clock was set");
      }
    } finally {
      clearTimeout(guard);
      stream.cancel();
      this.#stream = undefined;
    }
  }

  /** Everything in it is applied before it counts as known. */
  async #apply(said: Watched, freshness: Freshness, received: number): Promise<void> {
    this.#tenantId = said.tenantId ?? this.#tenantId;
    this.#applyState(said);
    for (const revocation of said.revocations) {
      this.#tokens.revoke(revocation);
      if (revocation.signingKeys) this.#keysDue = 0;
    }
    // Those of another tenant, perhaps, or not those that are known.
    const needed = this.#keysDue === 0;
    const wanted = needed || received >= this.#keysDue || (received >= this.#keysAgain && this.#tokens.takeKeysWanted());
    // A tenant that takes no calls gives no keys, and needs none.
    if (wanted && !this.#tokens.isClosed()) {
      try {
        await this.#fetchKeys();
      } catch (error) {
        if (needed) throw error;
        this.lastError = error;
        this.#keysDue = this.#keysAgain = performance.now() + KEYS_RETRY_MS;
      }
    }
    if (received >= this.#dropDue) {
      this.#tokens.dropExpired();
      this.#dropDue = received + DROP_INTERVAL_MS;
    }
    this.#index = said.index;
    if (said.asOf !== undefined) {
      this.#tokens.revocationsKnownUntil(freshness.heard(said.asOf, said.serverTime, received));
      this.#announceReady();
    }
  }

  #applyState(said: Watched): void {
    switch (said.tenantState) {
      case undefined:
        return;
      case TENANT_STATE_ACTIVE:
        return this.#tokens.tenantOpened();
      case TENANT_STATE_MOVED:
        return this.#tokens.tenantClosed("TENANT_MOVED", said.movedTo);
      default:
        // Also what a later release calls it that is not ACTIVE.
        return this.#tokens.tenantClosed("TENANT_FROZEN");
    }
  }

  async #fetchKeys(): Promise<void> {
    // Keys are no secret: no credential is looked at, so the tenant is named.
    const metadata = new Metadata();
    metadata.set("x-gatehouse-tenant", this.#tenantId);
    const response = await new Promise<Buffer>((resolve, reject) => {
      this.#client.makeUnaryRequest(
        GET_JWKS,
        asIs,
        asIs,
        Buffer.alloc(0),
        metadata,
        { deadline: Date.now() + KEYS_TIMEOUT_MS },
        (error, value) => (error ? reject(error) : resolve(value ?? Buffer.alloc(0))),
      );
    });
    this.#tokens.setKeys(jwksOf(response));
    this.#keysDue = performance.now() + KEYS_INTERVAL_MS;
    this.#keysAgain = performance.now() + KEYS_PAUSE_MS;
  }
}
