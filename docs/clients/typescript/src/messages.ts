// The few messages of proto/gatehouse/v1 that this needs, read by their field numbers: no generated code.

/** A field of a message: its number, and its value as a varint or as bytes. */
type Field = { number: number; varint: bigint; bytes: Buffer };

const NOTHING = Buffer.alloc(0);

function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new Error("a malformed message");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error("a malformed message");
  };
  const take = (size: number): Buffer => {
    if (at + size > message.length) throw new Error("a malformed message");
    at += size;
    return message.subarray(at - size, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    switch (Number(tag & 7n)) {
      case 0:
        yield { number, varint: varint(), bytes: NOTHING };
        break;
      case 1:
        take(8);
        break;
      case 2:
        yield { number, varint: 0n, bytes: take(Number(varint())) };
        break;
      case 5:
        take(4);
        break;
      default:
        throw new Error("a malformed message");
    }
  }
}

/** Milliseconds since 1970. */
function timeOf(message: Buffer): number {
  let millis = 0;
  for (const field of fieldsOf(message)) {
    const value = Number(BigInt.asIntN(64, field.varint));
    if (field.number === 1) millis += value * 1000;
    if (field.number === 2) millis += value / 1e6;
  }
  return millis;
}

/** Revocation. */
export interface Revocation {
  sessionId?: string;
  userId?: string;
  signingKeys: boolean;
  signingKeyId?: string;
  minUserEpoch: bigint;
  dropAfter: number;
}

function revocationOf(message: Buffer): Revocation {
  const made: Revocation = { signingKeys: false, minUserEpoch: 0n, dropAfter: 0 };
  for (const field of fieldsOf(message)) {
    if (field.number === 1) made.sessionId = field.bytes.toString("utf8");
    if (field.number === 2) made.userId = field.bytes.toString("utf8");
    if (field.number === 4) made.signingKeys = field.varint !== 0n;
    if (field.number === 5) made.minUserEpoch = BigInt.asIntN(64, field.varint);
    if (field.number === 6) made.dropAfter = timeOf(field.bytes);
    if (field.number === 8) made.signingKeyId = field.bytes.toString("utf8");
  }
  return made;
}

/** TenantState. */
export const TENANT_STATE_ACTIVE = 1n;
export const TENANT_STATE_MOVED = 3n;

/** WatchRevocationsResponse. */
export interface Watched {
  revocations: Revocation[];
  index: bigint;
  asOf?: number;
  serverTime: number;
  /** In the first message. */
  tenantId?: string;
  /** Unset: as it was said before. */
  tenantState?: bigint;
  movedTo: string;
}

export function watchedOf(message: Buffer): Watched {
  const made: Watched = { revocations: [], index: 0n, serverTime: 0, movedTo: "" };
  for (const field of fieldsOf(message)) {
    if (field.number === 1) made.revocations.push(revocationOf(field.bytes));
    if (field.number === 2) made.index = BigInt.asIntN(64, field.varint);
    if (field.number === 4) made.asOf = timeOf(field.bytes);
    if (field.number === 5) made.serverTime = timeOf(field.bytes);
    if (field.number === 6) made.tenantId = field.bytes.toString("utf8");
    if (field.number === 7) made.tenantState = field.varint;
    if (field.number === 8) made.movedTo = field.bytes.toString("utf8");
  }
  return made;
}

/** WatchRevocationsRequest. */
export function watchRequest(resumeIndex: bigint): Buffer {
  if (resumeIndex === 0n) return NOTHING;
  const bytes = [0x08];
  for (let rest = resumeIndex; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 0x80n) {
      bytes.push(low);
      return Buffer.from(bytes);
    }
    bytes.push(low | 0x80);
  }
}

/** GetJwksResponse. */
export function jwksOf(message: Buffer): string {
  for (const field of fieldsOf(message)) {
    if (field.number === 1) return field.bytes.toString("utf8");
  }
  return "";
}
