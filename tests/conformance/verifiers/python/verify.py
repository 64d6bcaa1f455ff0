"""Verifies access tokens by PyJWT. What it is told and what it says is in ../README.md."""

import json
import sys
import urllib.request

import jwt

ISSUER, AUDIENCE, AHEAD = sys.argv[1], sys.argv[2], int(sys.argv[3])


def verified(token, keys, algorithms):
    if jwt.get_unverified_header(token).get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("no access token")
    key = keys.get_signing_key_from_jwt(token).key
    # It has no clock to be set: one that is ahead is one that forgives less. "Not before" is left to the one that is not.
    return jwt.decode(
        token,
        key,
        algorithms=algorithms,
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=-AHEAD,
        options={"require": ["exp", "iss", "aud", "sub"], "verify_iat": AHEAD == 0, "verify_nbf": AHEAD == 0},
    )


def main():
    with urllib.request.urlopen(f"{ISSUER}/.well-known/openid-configuration") as answer:
        found = json.load(answer)
    if found["issuer"] != ISSUER:
        raise SystemExit(f"the issuer is {found['issuer']}")
    keys = jwt.PyJWKClient(found["jwks_uri"])
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            print("ok", verified(line.strip(), keys, found["id_token_signing_alg_values_supported"])["sub"], flush=True)
        except jwt.PyJWTError as error:
            print("refused", error, flush=True)


if __name__ == "__main__":
    main()
