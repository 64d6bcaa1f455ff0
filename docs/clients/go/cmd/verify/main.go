// Reads tokens, one a line, and says of each "ok SESSION", "refused", "refused TENANT_FROZEN" or TENANT_MOVED,
// or "unknown".
//
//	GATEHOUSE_API_KEY=... verify ADDRESS
//
// GATEHOUSE_ISSUER, GATEHOUSE_AUDIENCE, GATEHOUSE_MAX_STALENESS_MS, GATEHOUSE_WHEN_STALE (refuse or accept) are optional.
// Plain text: for a server on this machine.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"gatehouse/verifier"

	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	staleness, _ := strconv.Atoi(os.Getenv("GATEHOUSE_MAX_STALENESS_MS"))
	v, err := verifier.New(os.Args[1], verifier.Options{
		APIKey:          os.Getenv("GATEHOUSE_API_KEY"),
		Issuer:          os.Getenv("GATEHOUSE_ISSUER"),
		Audience:        os.Getenv("GATEHOUSE_AUDIENCE"),
		MaxStaleness:    time.Duration(staleness) * time.Millisecond,
		AcceptWhenStale: os.Getenv("GATEHOUSE_WHEN_STALE") == "accept",
	}, insecure.NewCredentials())
	if err != nil {
		log.Fatal(err)
	}
	v.Start()
	defer v.Stop()
	select {
	case <-v.Ready():
	case <-time.After(time.Minute):
		log.Fatalf("not ready: %v", v.LastError())
	}
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		claims, err := v.Verify(strings.TrimSpace(lines.Text()))
		var closed *verifier.TenantClosedError
		switch {
		case err == nil:
			fmt.Println("ok", claims.SessionID)
		case errors.As(err, &closed):
			fmt.Println("refused", closed.Reason)
		case errors.Is(err, verifier.ErrRefused):
			fmt.Println("refused")
		default:
			fmt.Println("unknown")
		}
	}
}
