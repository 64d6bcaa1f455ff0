// A client of grpc.testing.TestService by grpc-java. What it prints is said in ../README.md.

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

public final class Client {
  private interface Case {
    void run() throws Exception;
  }

  private static final List<Integer> STREAMED = List.of(31415, 9, 2653, 58979);

  private final FileDescriptor file;
  private final Channel channel;
  private final MethodDescriptor<DynamicMessage, DynamicMessage> unaryCall;
  private final MethodDescriptor<DynamicMessage, DynamicMessage> outputCall;
  private final MethodDescriptor<DynamicMessage, DynamicMessage> inputCall;
  private final MethodDescriptor<DynamicMessage, DynamicMessage> duplexCall;

  private Client(FileDescriptor file, Channel channel) {
    this.file = file;
    this.channel = channel;
    unaryCall = method("UnaryCall", MethodType.UNARY, "SimpleRequest", "SimpleResponse");
    outputCall =
        method("StreamingOutputCall", MethodType.SERVER_STREAMING, "StreamingOutputCallRequest", "StreamingOutputCallResponse");
    inputCall =
        method("StreamingInputCall", MethodType.CLIENT_STREAMING, "StreamingInputCallRequest", "StreamingInputCallResponse");
    duplexCall =
        method("FullDuplexCall", MethodType.BIDI_STREAMING, "StreamingOutputCallRequest", "StreamingOutputCallResponse");
  }

  private MethodDescriptor<DynamicMessage, DynamicMessage> method(
      String name, MethodType type, String request, String response) {
    return MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
        .setType(type)
        .setFullMethodName("grpc.testing.TestService/" + name)
        .setRequestMarshaller(ProtoUtils.marshaller(make(request).build()))
        .setResponseMarshaller(ProtoUtils.marshaller(make(response).build()))
        .build();
  }

  private static CallOptions patience() {
    return CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  private static void check(boolean holds, Object what) {
    if (!holds) throw new AssertionError(String.valueOf(what));
  }

  private DynamicMessage.Builder make(String name) {
    return DynamicMessage.newBuilder(file.findMessageTypeByName(name));
  }

  private static Object get(DynamicMessage message, String field) {
    return message.getField(message.getDescriptorForType().findFieldByName(field));
  }

  private static DynamicMessage.Builder set(DynamicMessage.Builder message, String field, Object value) {
    return message.setField(message.getDescriptorForType().findFieldByName(field), value);
  }

  private DynamicMessage payload(int size) {
    return set(make("Payload"), "body", ByteString.copyFrom(new byte[size])).build();
  }

  private static int payloadSize(DynamicMessage answer) {
    return ((ByteString) get((DynamicMessage) get(answer, "payload"), "body")).size();
  }

  private DynamicMessage sized(int request, int response) {
    return set(set(make("SimpleRequest"), "payload", payload(request)), "response_size", response).build();
  }

  private DynamicMessage wanted(int size, int intervalUs) {
    return set(set(make("ResponseParameters"), "size", size), "interval_us", intervalUs).build();
  }

  private DynamicMessage asking(List<DynamicMessage> wanted) {
    return set(make("StreamingOutputCallRequest"), "response_parameters", wanted).build();
  }

  private void callUnary(int request, int response, CallOptions options) {
    DynamicMessage answer = ClientCalls.blockingUnaryCall(channel, unaryCall, options, sized(request, response));
    check(payloadSize(answer) == response, payloadSize(answer));
  }

  private void streamInput(CallOptions options) throws Exception {
    CompletableFuture<DynamicMessage> answer = new CompletableFuture<>();
    StreamObserver<DynamicMessage> requests =
        ClientCalls.asyncClientStreamingCall(
            channel.newCall(inputCall, options),
            new StreamObserver<>() {
              @Override
              public void onNext(DynamicMessage message) {
                answer.complete(message);
              }

              @Override
              public void onError(Throwable error) {
                answer.completeExceptionally(error);
              }

              @Override
              public void onCompleted() {}
            });
    for (int size : List.of(27182, 8, 1828, 45904)) {
      requests.onNext(set(make("StreamingInputCallRequest"), "payload", payload(size)).build());
    }
    requests.onCompleted();
    Object size = get(answer.get(60, TimeUnit.SECONDS), "aggregated_payload_size");
    check(size.equals(74922), size);
  }

  private void unary() {
    callUnary(10, 1000, patience());
  }

  private void large() {
    callUnary(1_000_000, 1_000_000, patience());
  }

  private void serverStreaming() {
    List<DynamicMessage> wanted = new ArrayList<>();
    for (int size : STREAMED) wanted.add(wanted(size, 0));
    List<Integer> got = new ArrayList<>();
    Iterator<DynamicMessage> answers =
        ClientCalls.blockingServerStreamingCall(channel, outputCall, patience(), asking(wanted));
    while (answers.hasNext()) got.add(payloadSize(answers.next()));
    check(got.equals(STREAMED), got);
  }

  private void bidirectional() throws Exception {
    BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
    CompletableFuture<Void> end = new CompletableFuture<>();
    StreamObserver<DynamicMessage> requests =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(duplexCall, patience()),
            new StreamObserver<>() {
              @Override
              public void onNext(DynamicMessage message) {
                sizes.add(payloadSize(message));
              }

              @Override
              public void onError(Throwable error) {
                end.completeExceptionally(error);
              }

              @Override
              public void onCompleted() {
                end.complete(null);
              }
            });
    for (int size : STREAMED) {
      requests.onNext(asking(List.of(wanted(size, 0))));
      Integer got = sizes.poll(60, TimeUnit.SECONDS);
      check(got != null && got == size, got);
    }
    requests.onCompleted();
    end.get(60, TimeUnit.SECONDS);
  }

  // What a stream ends with whose first message comes at once and its second one never.
  private Status halfSilent(CallOptions options, boolean cancel) throws Exception {
    ClientCall<DynamicMessage, DynamicMessage> call = channel.newCall(outputCall, options);
    CompletableFuture<Status> end = new CompletableFuture<>();
    ClientCalls.asyncServerStreamingCall(
        call,
        asking(List.of(wanted(1, 0), wanted(1, 600_000_000))),
        new StreamObserver<>() {
          @Override
          public void onNext(DynamicMessage message) {
            if (cancel) call.cancel("enough", null);
          }

          @Override
          public void onError(Throwable error) {
            end.complete(Status.fromThrowable(error));
          }

          @Override
          public void onCompleted() {
            end.complete(Status.OK);
          }
        });
    return end.get(60, TimeUnit.SECONDS);
  }

  private void deadline() throws Exception {
    // Long enough for the first message, or it would not be the server's.
    Status status = halfSilent(CallOptions.DEFAULT.withDeadlineAfter(1, TimeUnit.SECONDS), false);
    check(status.getCode() == Status.Code.DEADLINE_EXCEEDED, status);
  }

  private void cancellation() throws Exception {
    Status status = halfSilent(patience(), true);
    check(status.getCode() == Status.Code.CANCELLED, status);
    unary();
  }

  private void metadata() {
    Metadata.Key<String> text = Metadata.Key.of("x-grpc-test-echo-initial", Metadata.ASCII_STRING_MARSHALLER);
    Metadata.Key<byte[]> binary = Metadata.Key.of("x-grpc-test-echo-trailing-bin", Metadata.BINARY_BYTE_MARSHALLER);
    Metadata sent = new Metadata();
    sent.put(text, "first");
    sent.put(binary, new byte[] {0, (byte) 0xab, (byte) 0xff});
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    Channel with =
        ClientInterceptors.intercept(
            channel,
            MetadataUtils.newAttachHeadersInterceptor(sent),
            MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    ClientCalls.blockingUnaryCall(with, unaryCall, patience(), sized(1, 1));
    check("first".equals(headers.get().get(text)), headers.get());
    byte[] last = trailers.get().get(binary);
    check(last != null && last.length == 3 && last[0] == 0 && last[1] == (byte) 0xab, trailers.get());
  }

  private StatusRuntimeException failure(MethodDescriptor<DynamicMessage, DynamicMessage> method, DynamicMessage request) {
    try {
      ClientCalls.blockingUnaryCall(channel, method, patience(), request);
    } catch (StatusRuntimeException error) {
      return error;
    }
    throw new AssertionError("it succeeded");
  }

  private void errorDetails() {
    String text = "what failed: \u263a %";
    DynamicMessage status = set(set(make("EchoStatus"), "code", 9), "message", text).build();
    StatusRuntimeException error =
        failure(unaryCall, set(make("SimpleRequest"), "response_status", status).build());
    check(error.getStatus().getCode() == Status.Code.FAILED_PRECONDITION, error);
    check(text.equals(error.getStatus().getDescription()), error);
    byte[] details =
        error.getTrailers().get(Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER));
    check(details != null && new String(details, StandardCharsets.ISO_8859_1).contains("PROTOCOL_VIOLATION"), error);
  }

  private void unimplemented() {
    StatusRuntimeException error =
        failure(method("UnimplementedCall", MethodType.UNARY, "Empty", "Empty"), make("Empty").build());
    check(error.getStatus().getCode() == Status.Code.UNIMPLEMENTED, error);
  }

  private void gzip() throws Exception {
    callUnary(200_000, 200_000, patience().withCompression("gzip"));
    streamInput(patience().withCompression("gzip"));
  }

  private void concurrent() throws Exception {
    List<Future<DynamicMessage>> calls = new ArrayList<>();
    for (int i = 0; i < 100; ++i) {
      calls.add(ClientCalls.futureUnaryCall(channel.newCall(unaryCall, patience()), sized(i, 100 * i)));
    }
    for (int i = 0; i < 100; ++i) check(payloadSize(calls.get(i).get()) == 100 * i, i);
  }

  private Map<String, Case> cases() {
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("unary", this::unary);
    cases.put("large", this::large);
    cases.put("server_streaming", this::serverStreaming);
    cases.put("client_streaming", () -> streamInput(patience()));
    cases.put("bidirectional", this::bidirectional);
    cases.put("deadline", this::deadline);
    cases.put("cancellation", this::cancellation);
    cases.put("metadata", this::metadata);
    cases.put("error_details", this::errorDetails);
    cases.put("unimplemented", this::unimplemented);
    cases.put("gzip", this::gzip);
    cases.put("concurrent", this::concurrent);
    return cases;
  }

  private static FileDescriptor load() throws Exception {
    byte[] bytes = Files.readAllBytes(Path.of(System.getenv("INTEROP_DESCRIPTORS")));
    return FileDescriptor.buildFrom(FileDescriptorSet.parseFrom(bytes).getFile(0), new FileDescriptor[0]);
  }

  public static void main(String[] arguments) throws Exception {
    NettyChannelBuilder builder = NettyChannelBuilder.forTarget(arguments[0]);
    if (arguments.length > 1) {
      builder
          .sslContext(GrpcSslContexts.forClient().trustManager(new File(arguments[1])).build())
          .overrideAuthority("localhost");
    } else {
      builder.usePlaintext();
    }
    ManagedChannel channel = builder.build();
    boolean failed = false;
    for (Map.Entry<String, Case> one : new Client(load(), channel).cases().entrySet()) {
      try {
        one.getValue().run();
        System.out.println("ok " + one.getKey());
      } catch (Throwable error) {
        failed = true;
        System.out.println("FAILED " + one.getKey() + ": " + error.toString().replace('\n', ' '));
      }
    }
    channel.shutdownNow();
    System.exit(failed ? 1 : 0);
  }
}
