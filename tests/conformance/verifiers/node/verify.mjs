// Verifies access tokens by jose. What it is told and what it says is in ../README.md.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// Modules look for others beside themselves; this one's are where tools/conformance has put them.
const path = createRequire(`${process.env.LIBRARIES}/`).resolve("jose");
const { createRemoteJWKSet, jwtVerify } = await import(pathToFileURL(path));

const [issuer, audience, ahead] = process.argv.slice(2);
const found = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
if (found.issuer !== issuer) throw new Error(`the issuer is ${found.issuer}`);
// By default a key that is not known makes it look again twice a minute at most: too long for a test.
const keys = createRemoteJWKSet(new URL(found.jwks_uri), { cooldownDuration: 0 });
console.log("ready");
for await (const token of createInterface({ input: process.stdin })) {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      typ: "at+jwt",
      algorithms: found.id_token_signing_alg_values_supported,
      currentDate: new Date(Date.now() + Number(ahead) * 1000),
    });
    console.log("ok", payload.sub);
  } catch (error) {
    console.log("refused", error.message);
  }
}
