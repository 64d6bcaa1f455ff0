// Reads tokens, one a line, and says of each "ok SESSION", "refused", "refused TENANT_FROZEN" or TENANT_MOVED, or
// "unknown".
//
//   GATEHOUSE_API_KEY=... node dist/verify.js ADDRESS
//
// GATEHOUSE_ISSUER, GATEHOUSE_AUDIENCE, GATEHOUSE_MAX_STALENESS_MS, GATEHOUSE_WHEN_STALE (refuse or accept) are optional.
// Plain text: for a server on this machine.

import { createInterface } from "node:readline";

import { TenantClosed, TokenRefused, Verifier } from "./verifier";

const READY_MS = 60_000;

async function main(): Promise<void> {
  const env = process.env;
  const verifier = new Verifier(process.argv[2] ?? "127.0.0.1:50051", env["GATEHOUSE_API_KEY"] ?? "", {
    ...(env["GATEHOUSE_ISSUER"] ? { issuer: env["GATEHOUSE_ISSUER"] } : {}),
    ...(env["GATEHOUSE_AUDIENCE"] ? { audience: env["GATEHOUSE_AUDIENCE"] } : {}),
    maxStalenessMs: Number(env["GATEHOUSE_MAX_STALENESS_MS"] ?? 5000),
    acceptWhenStale: env["GATEHOUSE_WHEN_STALE"] === "accept",
  });
  verifier.start();
  const late = setTimeout(() => {
    console.error("not ready:", verifier.lastError);
    process.exit(1);
  }, READY_MS);
  await verifier.ready;
  clearTimeout(late);
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      console.log("ok", verifier.verify(line.trim()).sid);
    } catch (error) {
      if (error instanceof TenantClosed) console.log("refused", error.reason);
      else console.log(error instanceof TokenRefused ? "refused" : "unknown");
    }
  }
  verifier.stop();
}

void main();
