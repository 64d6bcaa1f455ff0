// A client of grpc.testing.TestService by @grpc/grpc-js. What it prints is said in ../README.md.
'use strict';

const assert = require('assert');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, authority] = process.argv.slice(2);
const definition = loader.loadSync(process.env.INTEROP_PROTO, { keepCase: true, defaults: true });
const { TestService } = grpc.loadPackageDefinition(definition).grpc.testing;
const UnimplementedService = grpc.makeGenericClientConstructor(
  {
    UnimplementedCall: {
      path: '/grpc.testing.TestService/UnimplementedCall',
      requestStream: false,
      responseStream: false,
      requestSerialize: (bytes) => bytes,
      requestDeserialize: (bytes) => bytes,
      responseSerialize: (bytes) => bytes,
      responseDeserialize: (bytes) => bytes,
    },
  },
  'TestService',
);

const credentials = authority
  ? grpc.credentials.createSsl(fs.readFileSync(authority))
  : grpc.credentials.createInsecure();
const options = authority ? { 'grpc.ssl_target_name_override': 'localhost', 'grpc.default_authority': 'localhost' } : {};
const client = new TestService(address, credentials, options);
const compressing = new TestService(address, credentials, {
  ...options,
  'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip,
});

const patience = () => ({ deadline: Date.now() + 60000 });
const payload = (size) => ({ body: Buffer.alloc(size) });

function call(stub, request, metadata = new grpc.Metadata()) {
  let handle;
  const promise = new Promise((resolve, reject) => {
    handle = stub.UnaryCall(request, metadata, patience(), (error, answer) => (error ? reject(error) : resolve(answer)));
  });
  return { handle, promise };
}

async function callUnary(stub, request, response) {
  const answer = await call(stub, { payload: payload(request), response_size: response }).promise;
  assert.strictEqual(answer.payload.body.length, response);
}

function streamInput(stub) {
  return new Promise((resolve, reject) => {
    const stream = stub.StreamingInputCall(new grpc.Metadata(), patience(), (error, answer) =>
      error ? reject(error) : resolve(answer.aggregated_payload_size),
    );
    for (const size of [27182, 8, 1828, 45904]) stream.write({ payload: payload(size) });
    stream.end();
  }).then((size) => assert.strictEqual(size, 74922));
}

const streamed = [31415, 9, 2653, 58979];

// A stream whose first message comes at once and its second one never; what it ends with.
function halfSilent(callOptions, onFirst) {
  const wanted = [{ size: 1 }, { size: 1, interval_us: 600000000 }];
  return new Promise((resolve) => {
    const stream = client.StreamingOutputCall({ response_parameters: wanted }, callOptions);
    stream.on('data', () => onFirst(stream));
    stream.on('error', resolve);
    stream.on('end', () => resolve({ code: 'end' }));
  });
}

const cases = {
  unary: () => callUnary(client, 10, 1000),
  large: () => callUnary(client, 1000000, 1000000),
  async server_streaming() {
    const stream = client.StreamingOutputCall({ response_parameters: streamed.map((size) => ({ size })) }, patience());
    const got = [];
    for await (const message of stream) got.push(message.payload.body.length);
    assert.deepStrictEqual(got, streamed);
  },
  client_streaming: () => streamInput(client),
  async bidirectional() {
    const stream = client.FullDuplexCall(patience());
    const sizes = [...streamed];
    const next = () => (sizes.length ? stream.write({ response_parameters: [{ size: sizes.shift() }] }) : stream.end());
    const got = [];
    next();
    for await (const message of stream) {
      got.push(message.payload.body.length);
      next();
    }
    assert.deepStrictEqual(got, streamed);
  },
  async deadline() {
    const error = await halfSilent({ deadline: Date.now() + 500 }, () => {});
    assert.strictEqual(error.code, grpc.status.DEADLINE_EXCEEDED);
  },
  async cancellation() {
    const error = await halfSilent(patience(), (stream) => stream.cancel());
    assert.strictEqual(error.code, grpc.status.CANCELLED);
    await callUnary(client, 10, 1000);
  },
  async metadata() {
    const sent = new grpc.Metadata();
    sent.set('x-grpc-test-echo-initial', 'first');
    sent.set('x-grpc-test-echo-trailing-bin', Buffer.from([0, 0xab, 0xff]));
    const { handle, promise } = call(client, { response_size: 1 }, sent);
    const header = new Promise((resolve) => handle.on('metadata', resolve));
    const status = new Promise((resolve) => handle.on('status', resolve));
    await promise;
    assert.deepStrictEqual((await header).get('x-grpc-test-echo-initial'), ['first']);
    assert.deepStrictEqual((await status).metadata.get('x-grpc-test-echo-trailing-bin'), [Buffer.from([0, 0xab, 0xff])]);
  },
  async error_details() {
    const text = 'what failed: \u263a %';
    const error = await call(client, { response_status: { code: 9, message: text } }).promise.catch((failed) => failed);
    assert.strictEqual(error.code, grpc.status.FAILED_PRECONDITION);
    assert.strictEqual(error.details, text);
    assert.ok(error.metadata.get('grpc-status-details-bin')[0].includes('PROTOCOL_VIOLATION'));
  },
  async unimplemented() {
    const stub = new UnimplementedService(address, credentials, options);
    const error = await new Promise((resolve) => stub.UnimplementedCall(Buffer.alloc(0), patience(), resolve));
    assert.strictEqual(error.code, grpc.status.UNIMPLEMENTED);
  },
  async gzip() {
    await callUnary(compressing, 200000, 200000);
    await streamInput(compressing);
  },
  concurrent: () => Promise.all(Array.from({ length: 100 }, (_, i) => callUnary(client, i, 100 * i))),
};

async function main() {
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run();
      console.log(`ok ${name}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`FAILED ${name}: ${String(error).replace(/\n/g, ' ')}`);
    }
  }
  process.exit();
}

main();
