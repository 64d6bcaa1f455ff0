package verifier

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
)

const (
	getJwks          = "/gatehouse.v1.SessionService/GetJwks"
	watchRevocations = "/gatehouse.v1.SessionService/WatchRevocations"

	keysInterval = 5 * time.Minute
	// Whoever sends tokens with made-up headers does not make this fetch keys all the time.
	keysPause = 2 * time.Second
	// Shorter than silence: the stream is not read meanwhile.
	keysTimeout = 3 * time.Second
	// After keys did not come that nobody said are other ones.
	keysRetry = 10 * time.Second
	// Of a stream that has a heartbeat each second: then the connection is dead, known or not.
	silence      = 5 * time.Second
	tidyInterval = time.Minute
	// Messages in a row that are late, after which it is no stall that is over.
	mostLagging = 5
)

// Options of a Verifier. Zero values are the defaults in brackets.
type Options struct {
	// With the permission sessions.verify. Its tenant is that of the tokens.
	APIKey string
	// The tenant's issuer, which is auth.issuer of the server or below it (docs/verifying.md), and auth.audience ["gatehouse"].
	Issuer, Audience string
	// How far ahead the clock of who signed may be [30s].
	Leeway time.Duration
	// Revocations may be known no later than this long ago [5s]. Heartbeats come each second.
	MaxStaleness time.Duration
	// When they are older: accept tokens until they expire instead of ErrUnknown.
	AcceptWhenStale bool
	// [32768 and 262144]
	MaxCachedTokens, MaxRevocations int
	// After a break [100ms, 5s].
	MinBackoff, MaxBackoff time.Duration
}

func orElse[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func (o Options) withDefaults() Options {
	o.Issuer = orElse(o.Issuer, "gatehouse")
	o.Audience = orElse(o.Audience, "gatehouse")
	o.Leeway = orElse(o.Leeway, 30*time.Second)
	o.MaxStaleness = orElse(o.MaxStaleness, 5*time.Second)
	o.MaxCachedTokens = orElse(o.MaxCachedTokens, 32*1024)
	o.MaxRevocations = orElse(o.MaxRevocations, 256*1024)
	o.MinBackoff = orElse(o.MinBackoff, 100*time.Millisecond)
	o.MaxBackoff = orElse(o.MaxBackoff, 5*time.Second)
	return o
}

// Verifier keeps what it needs to know up to date in goroutines of its own. Safe for concurrent use.
type Verifier struct {
	options    Options
	tokens     *tokens
	connection *grpc.ClientConn
	context    context.Context
	cancel     context.CancelFunc
	done       sync.WaitGroup
	ready      chan struct{}
	readyOnce  sync.Once

	// The follower's own.
	index                      int64
	tenantID                   string
	keysDue, keysAgain, tidyAt time.Time

	mutex     sync.Mutex
	lastError error
}

// New makes a Verifier that follows the server at `address`. Nothing is sent before Start.
func New(address string, options Options, transport credentials.TransportCredentials) (*Verifier, error) {
	options = options.withDefaults()
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(transport),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: options.MinBackoff, Multiplier: 2, Jitter: 0.2, MaxDelay: options.MaxBackoff},
			MinConnectTimeout: options.MaxBackoff,
		}))
	if err != nil {
		return nil, err
	}
	root, cancel := context.WithCancel(context.Background())
	v := &Verifier{
		options:    options,
		tokens:     newTokens(options, time.Now),
		connection: connection,
		context:    metadata.AppendToOutgoingContext(root, "authorization", "Bearer "+options.APIKey),
		cancel:     cancel,
		ready:      make(chan struct{}),
	}
	return v, nil
}

// Start begins to follow the server; it does not wait for it.
func (v *Verifier) Start() {
	v.done.Add(1)
	go v.run()
}

// Stop ends that.
func (v *Verifier) Stop() {
	v.cancel()
	v.done.Wait()
	v.connection.Close()
}

// Verify returns what the token says, if it is genuine, live and not revoked; ErrRefused if it is not, ErrUnknown if that
// is not known: before the server was heard for the first time, and when nothing was heard for MaxStaleness.
func (v *Verifier) Verify(token string) (*Claims, error) { return v.tokens.Verify(token) }

// Ready is closed when revocations are known for the first time.
func (v *Verifier) Ready() <-chan struct{} { return v.ready }

// Staleness is how old what is known of revocations is.
func (v *Verifier) Staleness() time.Duration { return v.tokens.staleness() }

func (v *Verifier) setError(err error) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.lastError = err
}

// LastError says why the last stream ended, or keys did not come; nil while nothing went wrong.
func (v *Verifier) LastError() error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return v.lastError
}

func (v *Verifier) run() {
	defer v.done.Done()
	pause := v.options.MinBackoff
	for v.context.Err() == nil {
		known, err := v.follow()
		v.setError(err)
		if known {
			pause = v.options.MinBackoff
		}
		// Those who lost one server do not come back at one moment.
		jittered := pause/2 + rand.N(pause/2)
		select {
		case <-v.context.Done():
		case <-time.After(jittered):
		}
		pause = min(pause*2, v.options.MaxBackoff)
	}
}

// follow runs one stream until it breaks; true if revocations were known by it: whoever gets no further must not come back
// at once, each time.
func (v *Verifier) follow() (bool, error) {
	// The first message says whose keys they are.
	v.keysDue = time.Time{}
	ctx, cancel := context.WithCancel(v.context)
	defer cancel()
	// Reading would not notice a connection that is dead without saying so.
	guard := time.AfterFunc(silence, cancel)
	defer guard.Stop()
	stream, err := v.connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, watchRevocations, grpc.ForceCodec(rawCodec{}))
	if err != nil {
		return false, err
	}
	request := watchRequest(v.index)
	if err := errors.Join(stream.SendMsg(&request), stream.CloseSend()); err != nil {
		return false, err
	}
	known := false
	fresh := freshness{maxLag: v.options.MaxStaleness / 2}
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err != nil {
			return known, err
		}
		received := time.Now()
		guard.Reset(silence)
		said, err := watchedOf(message)
		if err == nil {
			err = v.apply(said, &fresh, received)
		}
		if err != nil {
			return known, err
		}
		known = known || !said.asOf.IsZero()
		if fresh.lagging >= mostLagging {
			return known, errors.New("messages come late, or the server's clock was set")
		}
	}
}

// apply does everything that a message says before it counts as known.
func (v *Verifier) apply(said watched, fresh *freshness, received time.Time) error {
	if said.tenantID != "" {
		v.tenantID = said.tenantID
	}
	switch said.tenantState {
	case tenantStateUnsaid:
	case tenantStateActive:
		v.tokens.setTenant(nil)
	case tenantStateMoved:
		v.tokens.setTenant(&TenantClosedError{Reason: "TENANT_MOVED", Destination: said.movedTo})
	default:
		// Also what a later release calls it that is not ACTIVE.
		v.tokens.setTenant(&TenantClosedError{Reason: "TENANT_FROZEN"})
	}
	for _, one := range said.revocations {
		switch {
		case one.sessionID != "":
			v.tokens.sessionRevoked(one.sessionID, one.dropAfter)
		case one.userID != "":
			v.tokens.userRevoked(one.userID, one.minUserEpoch, one.dropAfter)
		case one.signingKeyID != "":
			v.tokens.keyRemoved(one.signingKeyID, one.dropAfter)
		}
		if one.signingKeys {
			v.keysDue = time.Time{}
		}
	}
	// Those of another tenant, perhaps, or not those that are known.
	needed := v.keysDue.IsZero()
	wanted := needed || received.After(v.keysDue) || (received.After(v.keysAgain) && v.tokens.takeKeysWanted())
	// A tenant that takes no calls gives no keys, and needs none.
	if wanted && !v.tokens.isClosed() {
		if err := v.fetchKeys(); err != nil {
			if needed {
				return err
			}
			v.setError(err)
			v.keysDue = time.Now().Add(keysRetry)
			v.keysAgain = v.keysDue
		}
	}
	if received.After(v.tidyAt) {
		v.tokens.tidy()
		v.tidyAt = received.Add(tidyInterval)
	}
	v.index = said.index
	if !said.asOf.IsZero() {
		v.tokens.revocationsKnownUntil(fresh.heard(said.asOf, said.serverTime, received))
		v.readyOnce.Do(func() { close(v.ready) })
	}
	return nil
}

func (v *Verifier) fetchKeys() error {
	ctx, cancel := context.WithTimeout(v.context, keysTimeout)
	defer cancel()
	// No credential is looked at, since keys are no secret: the tenant is named.
	ctx = metadata.NewOutgoingContext(ctx, metadata.Pairs("x-gatehouse-tenant", v.tenantID))
	var request, response []byte
	if err := v.connection.Invoke(ctx, getJwks, &request, &response, grpc.ForceCodec(rawCodec{})); err != nil {
		return err
	}
	jwks, err := jwksOf(response)
	if err != nil {
		return err
	}
	keys, err := parseKeys(jwks)
	if err != nil {
		return err
	}
	v.tokens.setKeys(keys)
	v.keysDue = time.Now().Add(keysInterval)
	v.keysAgain = time.Now().Add(keysPause)
	return nil
}

// freshness says until when revocations are known, on the watch of this process, although the server says it by its own
// clock. The smallest difference between the two that any message of a stream showed is that of the message that travelled
// fastest; measured by it one that lay in a buffer for long is as old as it is. When the server's clock is set back, or the
// two drift for days, all that comes looks late: then another stream measures anew.
type freshness struct {
	// When the fastest message arrived, and when it was made.
	received, made time.Time
	// How much later than that one others may be; and how many in a row were later.
	maxLag  time.Duration
	lagging int
}

func (f *freshness) heard(asOf, serverTime, received time.Time) time.Time {
	if f.received.IsZero() || received.Sub(f.received) < serverTime.Sub(f.made) {
		f.received, f.made = received, serverTime
	}
	if received.Sub(f.received)-serverTime.Sub(f.made) > f.maxLag {
		f.lagging++
	} else {
		f.lagging = 0
	}
	// With the monotonic reading of time.Now, which no setting of the clock moves.
	return f.received.Add(asOf.Sub(f.made))
}
