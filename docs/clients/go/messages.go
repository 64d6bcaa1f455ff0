package verifier

import (
	"errors"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The few messages of proto/gatehouse/v1 that this needs, read by their field numbers: no generated code.

var errMalformed = errors.New("a malformed message")

// rawCodec passes messages as they are.
type rawCodec struct{}

func (rawCodec) Name() string                        { return "proto" }
func (rawCodec) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }
func (rawCodec) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

// fields calls `number` or `bytes` for each field of a message.
func fields(message []byte, number func(field protowire.Number, value uint64), bytes func(field protowire.Number, value []byte) error) error {
	for len(message) > 0 {
		field, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return errMalformed
		}
		message = message[size:]
		switch kind {
		case protowire.VarintType:
			value, size := protowire.ConsumeVarint(message)
			if size < 0 {
				return errMalformed
			}
			number(field, value)
			message = message[size:]
		case protowire.BytesType:
			value, size := protowire.ConsumeBytes(message)
			if size < 0 {
				return errMalformed
			}
			if err := bytes(field, value); err != nil {
				return err
			}
			message = message[size:]
		default:
			size := protowire.ConsumeFieldValue(field, kind, message)
			if size < 0 {
				return errMalformed
			}
			message = message[size:]
		}
	}
	return nil
}

// watchRequest is WatchRevocationsRequest.
func watchRequest(resumeIndex int64) []byte {
	if resumeIndex == 0 {
		return nil
	}
	return protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(resumeIndex))
}

// jwksOf reads GetJwksResponse.
func jwksOf(message []byte) (string, error) {
	jwks := ""
	err := fields(message, func(protowire.Number, uint64) {}, func(field protowire.Number, value []byte) error {
		if field == 1 {
			jwks = string(value)
		}
		return nil
	})
	return jwks, err
}

func timeOf(message []byte) (time.Time, error) {
	var seconds, nanos int64
	err := fields(message, func(field protowire.Number, value uint64) {
		switch field {
		case 1:
			seconds = int64(value)
		case 2:
			nanos = int64(value)
		}
	}, func(protowire.Number, []byte) error { return nil })
	return time.Unix(seconds, nanos), err
}

// revoked is Revocation.
type revoked struct {
	sessionID, userID string
	signingKeys       bool
	signingKeyID      string
	minUserEpoch      int64
	dropAfter         time.Time
}

func revokedOf(message []byte) (revoked, error) {
	var made revoked
	err := fields(message, func(field protowire.Number, value uint64) {
		switch field {
		case 4:
			made.signingKeys = value != 0
		case 5:
			made.minUserEpoch = int64(value)
		}
	}, func(field protowire.Number, value []byte) (err error) {
		switch field {
		case 1:
			made.sessionID = string(value)
		case 2:
			made.userID = string(value)
		case 6:
			made.dropAfter, err = timeOf(value)
		case 8:
			made.signingKeyID = string(value)
		}
		return err
	})
	return made, err
}

// TenantState.
const (
	tenantStateUnsaid = 0
	tenantStateActive = 1
	tenantStateMoved  = 3
)

// watched is WatchRevocationsResponse.
type watched struct {
	revocations []revoked
	index       int64
	// In the first message.
	tenantID string
	// tenantStateUnsaid: as it was said before.
	tenantState uint64
	movedTo     string
	// Zero if it is not told.
	asOf, serverTime time.Time
}

func watchedOf(message []byte) (watched, error) {
	var made watched
	err := fields(message, func(field protowire.Number, value uint64) {
		switch field {
		case 2:
			made.index = int64(value)
		case 7:
			made.tenantState = value
		}
	}, func(field protowire.Number, value []byte) (err error) {
		switch field {
		case 1:
			var one revoked
			one, err = revokedOf(value)
			made.revocations = append(made.revocations, one)
		case 4:
			made.asOf, err = timeOf(value)
		case 5:
			made.serverTime, err = timeOf(value)
		case 6:
			made.tenantID = string(value)
		case 8:
			made.movedTo = string(value)
		}
		return err
	})
	return made, err
}
