package verifier

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
)

const (
	maxKeys    = 100
	minRSABits = 2048
)

// verifyFunc says whether a signature in JOSE's form is that of a message.
type verifyFunc func(message, signature []byte) bool

type publicKey struct {
	id     string
	verify verifyFunc
}

type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	X   string `json:"x"`
	Y   string `json:"y"`
	N   string `json:"n"`
	E   string `json:"e"`
}

// parseKeys returns keys by the header of every token that they sign, which is one text. Those of other kinds are left out.
func parseKeys(jwksJSON string) (map[string]publicKey, error) {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal([]byte(jwksJSON), &set); err != nil {
		return nil, err
	}
	if len(set.Keys) > maxKeys {
		return nil, errors.New("the key set has too many keys")
	}
	keys := map[string]publicKey{}
	for _, key := range set.Keys {
		if verify := key.verifier(); verify != nil && key.Kid != "" {
			keys[key.tokenHeader()] = publicKey{key.Kid, verify}
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set has no usable key")
	}
	return keys, nil
}

func (k jwk) tokenHeader() string {
	// The members in the order in which the server writes them.
	header, _ := json.Marshal(struct {
		Alg string `json:"alg"`
		Kid string `json:"kid"`
		Typ string `json:"typ"`
	}{k.Alg, k.Kid, "at+jwt"})
	return base64.RawURLEncoding.EncodeToString(header)
}

// verifier is nil for a key of an unknown kind, and for one that is malformed. The algorithm is the key's.
func (k jwk) verifier() verifyFunc {
	switch {
	case k.Kty == "EC" && k.Crv == "P-256" && k.Alg == "ES256":
		return k.p256()
	case k.Kty == "OKP" && k.Crv == "Ed25519" && k.Alg == "EdDSA":
		return k.ed25519()
	case k.Kty == "RSA" && k.Alg == "RS256":
		return k.rsa()
	}
	return nil
}

func (k jwk) p256() verifyFunc {
	x, errX := decode(k.X)
	y, errY := decode(k.Y)
	if errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
		return nil
	}
	key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
	// Fails for what is no point of the curve.
	if _, err := key.ECDH(); err != nil {
		return nil
	}
	return func(message, signature []byte) bool {
		if len(signature) != 64 {
			return false
		}
		digest := sha256.Sum256(message)
		return ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
}

func (k jwk) ed25519() verifyFunc {
	x, err := decode(k.X)
	if err != nil || len(x) != ed25519.PublicKeySize {
		return nil
	}
	return func(message, signature []byte) bool { return ed25519.Verify(x, message, signature) }
}

func (k jwk) rsa() verifyFunc {
	n, errN := decode(k.N)
	e, errE := decode(k.E)
	if errN != nil || errE != nil || len(e) == 0 || len(e) > 4 {
		return nil
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	if key.N.BitLen() < minRSABits {
		return nil
	}
	return func(message, signature []byte) bool {
		digest := sha256.Sum256(message)
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	}
}
