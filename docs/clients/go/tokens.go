// Package verifier verifies Gatehouse's access tokens in the process of another service: at the speed of memory, and
// within a second of a logout anywhere.
//
//	v, err := verifier.New("gatehouse:50051", verifier.Options{APIKey: key, Issuer: "https://id.example.com"}, creds)
//	v.Start()
//	defer v.Stop()
//	claims, err := v.Verify(token) // ErrRefused or ErrUnknown, by errors.Is
package verifier

import (
	"container/list"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
)

var (
	// ErrRefused: the token is not good: forged, expired, revoked, for somebody else, or none. The message is for logs.
	ErrRefused = errors.New("the token is refused")
	// ErrUnknown: whether the token is good is not known now, since nothing was heard from the server lately.
	ErrUnknown = errors.New("whether the token is good is not known now")
)

// TenantClosedError is an ErrRefused: while the tenant takes no calls none of its tokens is good. They may be again later.
type TenantClosedError struct {
	// As the server says it to callers: "TENANT_FROZEN" or "TENANT_MOVED".
	Reason string
	// Of a tenant that has moved: where to, in its operator's words; may be empty.
	Destination string
}

func (e *TenantClosedError) Error() string {
	return strings.TrimSuffix("the token is refused: "+e.Reason+": "+e.Destination, ": ")
}

// Is says that it is an ErrRefused.
func (e *TenantClosedError) Is(target error) bool { return target == ErrRefused }

// Longer tokens are refused unread.
const maxTokenBytes = 4096

// Claims is what an access token says. Times are seconds since 1970.
type Claims struct {
	Issuer    string   `json:"iss"`
	Audience  string   `json:"aud"`
	TenantID  string   `json:"tid"`
	UserID    string   `json:"sub"`
	SessionID string   `json:"sid"`
	UserEpoch int64    `json:"uep"`
	Roles     []string `json:"roles"`
	AMR       []string `json:"amr"`
	AuthTime  int64    `json:"auth_time"`
	TokenID   string   `json:"jti"`
	IssuedAt  int64    `json:"iat"`
	ExpiresAt int64    `json:"exp"`
	NotBefore int64    `json:"nbf"`
}

// revocation says that tokens below an epoch are dead, and until when that is of use.
type revocation struct {
	minEpoch  int64
	dropAfter time.Time
}

type seen struct {
	digest [sha256.Size]byte
	claims *Claims
}

// tokens judges in memory. Bounded: a full cache forgets the tokens that were used longest ago; a revocation for which
// there is no room makes all answers uncertain until it would have been dropped. Safe for concurrent use.
type tokens struct {
	options Options
	now     func() time.Time

	mutex sync.Mutex
	keys  map[string]publicKey
	// Raised when a key is gone: what was judged by it before must not be remembered.
	generation int
	cache      map[[sha256.Size]byte]*list.Element
	recent     *list.List
	revoked    map[string]revocation
	lostUntil  time.Time
	knownUntil time.Time
	keysWanted bool
	// nil while the tenant takes calls.
	closed *TenantClosedError
}

func newTokens(options Options, now func() time.Time) *tokens {
	return &tokens{
		options: options,
		now:     now,
		cache:   map[[sha256.Size]byte]*list.Element{},
		recent:  list.New(),
		revoked: map[string]revocation{},
	}
}

func refused(why string) error { return fmt.Errorf("%w: %s", ErrRefused, why) }

var errUnknownKey = refused("the header is not that of any key")

// keySubject is by what a key is found among what is revoked, beside users and sessions.
func keySubject(id string) string { return "key " + id }

// Verify returns what the token says, if it is genuine, live and not revoked.
func (t *tokens) Verify(token string) (*Claims, error) {
	if len(token) > maxTokenBytes {
		return nil, refused("too long")
	}
	digest := sha256.Sum256([]byte(token))
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.closed != nil {
		return nil, t.closed
	}
	now := t.now()
	claims := t.find(digest)
	if claims == nil {
		generation := t.generation
		keys := t.keys
		t.mutex.Unlock()
		read, keyID, err := t.read(token, keys, now)
		t.mutex.Lock()
		// A key set that has a key still that was removed is an old one.
		isRemoved := keyID != "" && t.isDead(keySubject(keyID))
		t.keysWanted = t.keysWanted || isRemoved || errors.Is(err, errUnknownKey)
		if err != nil {
			return nil, err
		}
		if isRemoved {
			return nil, refused("its key was removed")
		}
		claims = read
		if generation == t.generation && !t.isRevoked(claims) {
			t.remember(digest, claims)
		}
	}
	if claims.ExpiresAt <= now.Unix() {
		return nil, refused("expired")
	}
	if t.isRevoked(claims) {
		return nil, refused("revoked")
	}
	if !t.options.AcceptWhenStale && !t.isKnown(now) {
		return nil, ErrUnknown
	}
	return claims, nil
}

func (t *tokens) find(digest [sha256.Size]byte) *Claims {
	element, ok := t.cache[digest]
	if !ok {
		return nil
	}
	t.recent.MoveToFront(element)
	return element.Value.(*seen).claims
}

func (t *tokens) remember(digest [sha256.Size]byte, claims *Claims) {
	if _, ok := t.cache[digest]; ok {
		return
	}
	t.cache[digest] = t.recent.PushFront(&seen{digest, claims})
	if t.recent.Len() > t.options.MaxCachedTokens {
		oldest := t.recent.Back()
		delete(t.cache, oldest.Value.(*seen).digest)
		t.recent.Remove(oldest)
	}
}

// read returns what a token says whose signature is good and that is for us, and by which key; errUnknownKey if that is
// not known.
func (t *tokens) read(token string, keys map[string]publicKey, now time.Time) (*Claims, string, error) {
	if len(keys) == 0 {
		return nil, "", ErrUnknown
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, "", refused("it does not have three parts")
	}
	// Nothing in the header is parsed, let alone trusted: each key has one.
	key, ok := keys[parts[0]]
	if !ok {
		return nil, "", errUnknownKey
	}
	signature, err := decode(parts[2])
	if err != nil || !key.verify([]byte(parts[0]+"."+parts[1]), signature) {
		return nil, key.id, refused("the signature is wrong")
	}
	claims, err := parseClaims(parts[1])
	if err != nil {
		return nil, key.id, err
	}
	if claims.Issuer != t.options.Issuer || claims.Audience != t.options.Audience {
		return nil, key.id, refused("another issuer or audience")
	}
	if max(claims.IssuedAt, claims.NotBefore) > now.Add(t.options.Leeway).Unix() {
		return nil, key.id, refused("not valid yet")
	}
	return claims, key.id, nil
}

func parseClaims(payload string) (*Claims, error) {
	raw, err := decode(payload)
	if err != nil {
		return nil, refused("the claims are not base64url")
	}
	var claims Claims
	if json.Unmarshal(raw, &claims) != nil {
		return nil, refused("a claim is malformed")
	}
	for _, text := range []string{claims.TenantID, claims.UserID, claims.SessionID, claims.TokenID} {
		if text == "" {
			return nil, refused("a claim is missing")
		}
	}
	if claims.ExpiresAt <= 0 || claims.IssuedAt <= 0 || claims.UserEpoch <= 0 {
		return nil, refused("a claim is missing")
	}
	return &claims, nil
}

// decode takes base64url without padding and without bits that stand for nothing.
func decode(text string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(text) }

func (t *tokens) isDead(subject string) bool {
	_, ok := t.revoked[subject]
	return ok
}

func (t *tokens) isRevoked(claims *Claims) bool {
	if t.isDead(claims.SessionID) {
		return true
	}
	return claims.UserEpoch < t.revoked[claims.UserID].minEpoch
}

func (t *tokens) isKnown(now time.Time) bool {
	return !t.knownUntil.IsZero() && now.Sub(t.knownUntil) <= t.options.MaxStaleness && !t.lostUntil.After(now)
}

// setKeys takes the keys that there are now: what others signed is refused at once.
func (t *tokens) setKeys(keys map[string]publicKey) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for header := range t.keys {
		if _, ok := keys[header]; !ok {
			t.forgetAll()
			break
		}
	}
	t.keys = keys
}

// forgetAll forgets every token, since it is not known by which key each was judged. With the mutex.
func (t *tokens) forgetAll() {
	t.cache = map[[sha256.Size]byte]*list.Element{}
	t.recent.Init()
	t.generation++
}

// keyRemoved: what it signed is refused at once, and so it is while a key set has it still.
func (t *tokens) keyRemoved(id string, dropAfter time.Time) {
	t.revoke(keySubject(id), math.MaxInt64, dropAfter)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.forgetAll()
}

// setTenant says whether the tenant takes calls: nil if it does.
func (t *tokens) setTenant(closed *TenantClosedError) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.closed = closed
}

// isClosed says whether keys are of no use now.
func (t *tokens) isClosed() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.closed != nil
}

func (t *tokens) sessionRevoked(id string, dropAfter time.Time) {
	t.revoke(id, math.MaxInt64, dropAfter)
}

func (t *tokens) userRevoked(id string, minEpoch int64, dropAfter time.Time) {
	t.revoke(id, minEpoch, dropAfter)
}

func (t *tokens) revoke(subject string, minEpoch int64, dropAfter time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	known, ok := t.revoked[subject]
	// Said again, it is no news.
	if !dropAfter.After(t.now()) || (ok && known.minEpoch >= minEpoch) {
		return
	}
	if !ok && len(t.revoked) >= t.options.MaxRevocations {
		t.dropExpired()
		if len(t.revoked) >= t.options.MaxRevocations {
			if dropAfter.After(t.lostUntil) {
				t.lostUntil = dropAfter
			}
			return
		}
	}
	t.revoked[subject] = revocation{minEpoch, dropAfter}
}

// dropExpired forgets what is of no use any more. With the mutex.
func (t *tokens) dropExpired() {
	now := t.now()
	for subject, known := range t.revoked {
		if !known.dropAfter.After(now) {
			delete(t.revoked, subject)
		}
	}
}

// revocationsKnownUntil: everything that was revoked before was told.
func (t *tokens) revocationsKnownUntil(moment time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.knownUntil = moment
}

// takeKeysWanted says whether a token came that may be signed by a key that is not known yet.
func (t *tokens) takeKeysWanted() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	wanted := t.keysWanted
	t.keysWanted = false
	return wanted
}

func (t *tokens) tidy() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.dropExpired()
}

func (t *tokens) staleness() time.Duration {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.knownUntil.IsZero() {
		return math.MaxInt64
	}
	return t.now().Sub(t.knownUntil)
}
