// A client of grpc.testing.TestService by grpc-go. What it prints is said in ../README.md.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const patience = time.Minute

func payload(size int) *pb.Payload { return &pb.Payload{Body: make([]byte, size)} }

func wanted(size, intervalUs int32) *pb.ResponseParameters {
	return &pb.ResponseParameters{Size: size, IntervalUs: intervalUs}
}

func expectCode(err error, code codes.Code) error {
	if status.Code(err) != code {
		return fmt.Errorf("%v, not %v", err, code)
	}
	return nil
}

func callUnary(ctx context.Context, client pb.TestServiceClient, request, response int, options ...grpc.CallOption) error {
	answer, err := client.UnaryCall(ctx, &pb.SimpleRequest{Payload: payload(request), ResponseSize: int32(response)}, options...)
	if err != nil {
		return err
	}
	if got := len(answer.GetPayload().GetBody()); got != response {
		return fmt.Errorf("%d bytes, not %d", got, response)
	}
	return nil
}

func unary(ctx context.Context, client pb.TestServiceClient) error {
	return callUnary(ctx, client, 10, 1000)
}

func large(ctx context.Context, client pb.TestServiceClient) error {
	return callUnary(ctx, client, 1_000_000, 1_000_000)
}

func serverStreaming(ctx context.Context, client pb.TestServiceClient) error {
	sizes := []int32{31415, 9, 2653, 58979}
	request := &pb.StreamingOutputCallRequest{}
	for _, size := range sizes {
		request.ResponseParameters = append(request.ResponseParameters, wanted(size, 0))
	}
	stream, err := client.StreamingOutputCall(ctx, request)
	if err != nil {
		return err
	}
	for _, size := range sizes {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		if got := len(message.GetPayload().GetBody()); got != int(size) {
			return fmt.Errorf("%d bytes, not %d", got, size)
		}
	}
	if _, err := stream.Recv(); err != io.EOF {
		return fmt.Errorf("%v, not the end", err)
	}
	return nil
}

func streamInput(ctx context.Context, client pb.TestServiceClient, options ...grpc.CallOption) error {
	stream, err := client.StreamingInputCall(ctx, options...)
	if err != nil {
		return err
	}
	for _, size := range []int{27182, 8, 1828, 45904} {
		if err := stream.Send(&pb.StreamingInputCallRequest{Payload: payload(size)}); err != nil {
			return err
		}
	}
	answer, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	if answer.GetAggregatedPayloadSize() != 74922 {
		return fmt.Errorf("%d bytes in all", answer.GetAggregatedPayloadSize())
	}
	return nil
}

func clientStreaming(ctx context.Context, client pb.TestServiceClient) error {
	return streamInput(ctx, client)
}

func bidirectional(ctx context.Context, client pb.TestServiceClient) error {
	stream, err := client.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	for _, size := range []int32{31415, 9, 2653, 58979} {
		request := &pb.StreamingOutputCallRequest{ResponseParameters: []*pb.ResponseParameters{wanted(size, 0)}}
		if err := stream.Send(request); err != nil {
			return err
		}
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		if got := len(message.GetPayload().GetBody()); got != int(size) {
			return fmt.Errorf("%d bytes, not %d", got, size)
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); err != io.EOF {
		return fmt.Errorf("%v, not the end", err)
	}
	return nil
}

// A stream whose first message comes at once and its second one never.
func halfSilent(ctx context.Context, client pb.TestServiceClient) (pb.TestService_StreamingOutputCallClient, error) {
	stream, err := client.StreamingOutputCall(ctx, &pb.StreamingOutputCallRequest{
		ResponseParameters: []*pb.ResponseParameters{wanted(1, 0), wanted(1, 600_000_000)}})
	if err != nil {
		return nil, err
	}
	_, err = stream.Recv()
	return stream, err
}

func deadline(ctx context.Context, client pb.TestServiceClient) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	stream, err := halfSilent(ctx, client)
	if err == nil {
		_, err = stream.Recv()
	}
	return expectCode(err, codes.DeadlineExceeded)
}

func cancellation(ctx context.Context, client pb.TestServiceClient) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := halfSilent(inner, client)
	if err != nil {
		return err
	}
	cancel()
	if _, err = stream.Recv(); status.Code(err) != codes.Canceled {
		return fmt.Errorf("%v", err)
	}
	return unary(ctx, client)
}

func metadataBothWays(ctx context.Context, client pb.TestServiceClient) error {
	const text, binary = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
	ctx = metadata.AppendToOutgoingContext(ctx, text, "first", binary, "\x00\xab\xff")
	var header, trailer metadata.MD
	if err := callUnary(ctx, client, 1, 1, grpc.Header(&header), grpc.Trailer(&trailer)); err != nil {
		return err
	}
	if got := strings.Join(header.Get(text), "|"); got != "first" {
		return fmt.Errorf("headers %v", header)
	}
	if got := strings.Join(trailer.Get(binary), "|"); got != "\x00\xab\xff" {
		return fmt.Errorf("trailers %v", trailer)
	}
	return nil
}

func errorDetails(ctx context.Context, client pb.TestServiceClient) error {
	const text = "what failed: \u263a %"
	_, err := client.UnaryCall(ctx, &pb.SimpleRequest{
		ResponseStatus: &pb.EchoStatus{Code: int32(codes.FailedPrecondition), Message: text}})
	failed := status.Convert(err)
	if failed.Code() != codes.FailedPrecondition || failed.Message() != text {
		return fmt.Errorf("%v", err)
	}
	if !strings.Contains(fmt.Sprint(failed.Proto().GetDetails()), "PROTOCOL_VIOLATION") {
		return fmt.Errorf("details %v", failed.Proto().GetDetails())
	}
	return nil
}

func unimplemented(ctx context.Context, client pb.TestServiceClient) error {
	_, err := client.UnimplementedCall(ctx, &pb.Empty{})
	return expectCode(err, codes.Unimplemented)
}

func compressed(ctx context.Context, client pb.TestServiceClient) error {
	if err := callUnary(ctx, client, 200_000, 200_000, grpc.UseCompressor(gzip.Name)); err != nil {
		return err
	}
	return streamInput(ctx, client, grpc.UseCompressor(gzip.Name))
}

func concurrent(ctx context.Context, client pb.TestServiceClient) error {
	var group sync.WaitGroup
	failures := make([]error, 100)
	for i := range failures {
		group.Add(1)
		go func() {
			defer group.Done()
			failures[i] = callUnary(ctx, client, i, 100*i)
		}()
	}
	group.Wait()
	return errors.Join(failures...)
}

func connect(address, authority string) (*grpc.ClientConn, error) {
	security := insecure.NewCredentials()
	if authority != "" {
		made, err := credentials.NewClientTLSFromFile(authority, "localhost")
		if err != nil {
			return nil, err
		}
		security = made
	}
	return grpc.NewClient(address, grpc.WithTransportCredentials(security))
}

func main() {
	authority := ""
	if len(os.Args) > 2 {
		authority = os.Args[2]
	}
	connection, err := connect(os.Args[1], authority)
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	defer connection.Close()
	client := pb.NewTestServiceClient(connection)
	failed := false
	for _, one := range []struct {
		name string
		run  func(context.Context, pb.TestServiceClient) error
	}{
		{"unary", unary}, {"large", large}, {"server_streaming", serverStreaming}, {"client_streaming", clientStreaming},
		{"bidirectional", bidirectional}, {"deadline", deadline}, {"cancellation", cancellation}, {"metadata", metadataBothWays},
		{"error_details", errorDetails}, {"unimplemented", unimplemented}, {"gzip", compressed}, {"concurrent", concurrent},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := one.run(ctx, client)
		cancel()
		if err != nil {
			failed = true
			fmt.Printf("FAILED %s: %s\n", one.name, bytes.ReplaceAll([]byte(err.Error()), []byte("\n"), []byte(" ")))
		} else {
			fmt.Println("ok", one.name)
		}
	}
	if failed {
		os.Exit(1)
	}
}
