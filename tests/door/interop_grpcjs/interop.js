// SPDX-License-Identifier: MIT
// gRPC's interop tests, with grpc-js as the foreign client.
//   node interop.js <port> <proto root> <test proto root>
'use strict';
const assert = require('assert');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [port, protos, testProtos] = process.argv.slice(2);
const definition = loader.loadSync(
  ['testing_service.proto', 'grpc/health/v1/health_service.proto'],
  {keepCase: true, longs: Number, enums: String, defaults: true, includeDirs: [protos, testProtos]});
const {testing, health} = grpc.loadPackageDefinition(definition).grpc;
const target = `127.0.0.1:${port}`;
const plain = grpc.credentials.createInsecure();
const options = {'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1};
const client = new testing.TestService(target, plain, options);
const zeros = (n) => ({body: Buffer.alloc(n)});
const large = (more) => ({response_size: 314159, payload: zeros(271828), ...more});
const ask = (...sizes) => ({response_parameters: sizes.map((size) => ({size}))});

function unary(method, request, {on = client, metadata = new grpc.Metadata(), call = {}} = {}) {
  return new Promise((resolve) => {
    const answer = {};
    const running = on[method](request, metadata, call, (error, value) => {
      Object.assign(answer, {error, value});
    });
    running.on('metadata', (m) => { answer.initial = m; });
    running.on('status', (status) => setImmediate(() => resolve({...answer, status})));
  });
}

// Reads a stream to its end; each message may be answered by each().
function read(running, each = () => {}) {
  return new Promise((resolve) => {
    const got = {sizes: []};
    running.on('data', (m) => { got.sizes.push(m.payload.body.length); each(m, got); });
    running.on('metadata', (m) => { got.initial = m; });
    running.on('error', () => {});
    running.on('status', (status) => resolve({...got, status}));
  });
}

const tests = {
  async empty_unary() {
    assert.deepStrictEqual((await unary('EmptyCall', {})).value, {});
  },
  async large_unary() {
    assert.strictEqual((await unary('UnaryCall', large())).value.payload.body.length, 314159);
  },
  async client_compressed_unary() {
    const probe = await unary('UnaryCall', large({expect_compressed: {value: true}}));
    assert.strictEqual(probe.status.code, grpc.status.INVALID_ARGUMENT);
    for (const algorithm of [1, 2]) { // deflate, gzip
      const packed = new testing.TestService(target, plain,
        {'grpc.default_compression_algorithm': algorithm, 'lode.unique': algorithm});
      const answer = await unary('UnaryCall', large({expect_compressed: {value: true}}), {on: packed});
      assert.strictEqual(answer.status.code, 0, answer.status.details);
      packed.close();
    }
  },
  async server_compressed_unary() {
    for (const value of [true, false]) {
      const answer = await unary('UnaryCall', large({response_compressed: {value}}));
      assert.strictEqual(answer.value.payload.body.length, 314159);
    }
  },
  async client_streaming() {
    const answer = await new Promise((resolve, reject) => {
      const running = client.StreamingInputCall((error, value) => error ? reject(error) : resolve(value));
      for (const n of [27182, 8, 1828, 45904]) running.write({payload: zeros(n)});
      running.end();
    });
    assert.strictEqual(answer.aggregated_payload_size, 74922);
  },
  async server_streaming() {
    const got = await read(client.StreamingOutputCall(ask(31415, 9, 2653, 58979)));
    assert.deepStrictEqual(got.sizes, [31415, 9, 2653, 58979]);
    assert.strictEqual(got.status.code, 0);
  },
  async server_compressed_streaming() {
    const got = await read(client.StreamingOutputCall({response_parameters: [
      {size: 31415, compressed: {value: true}}, {size: 92653, compressed: {value: false}}]}));
    assert.deepStrictEqual(got.sizes, [31415, 92653]);
  },
  async ping_pong() {
    const rounds = [[31415, 27182], [9, 8], [2653, 1828], [58979, 45904]];
    const running = client.FullDuplexCall();
    const next = () => {
      const round = rounds.shift();
      if (!round) return running.end();
      return running.write({...ask(round[0]), payload: zeros(round[1])});
    };
    next();
    const got = await read(running, next);
    assert.deepStrictEqual(got.sizes, [31415, 9, 2653, 58979]);
    assert.strictEqual(got.status.code, 0);
  },
  async empty_stream() {
    const running = client.FullDuplexCall();
    running.end();
    const got = await read(running);
    assert.deepStrictEqual([got.sizes, got.status.code], [[], 0]);
  },
  async custom_metadata() {
    const metadata = new grpc.Metadata();
    metadata.set('x-grpc-test-echo-initial', 'test_initial_metadata_value');
    metadata.set('x-grpc-test-echo-trailing-bin', Buffer.from([0xab, 0xab, 0xab]));
    const check = ({initial, status}) => {
      assert.deepStrictEqual(initial.get('x-grpc-test-echo-initial'), ['test_initial_metadata_value']);
      assert.deepStrictEqual(status.metadata.get('x-grpc-test-echo-trailing-bin'), [Buffer.from([0xab, 0xab, 0xab])]);
    };
    check(await unary('UnaryCall', large(), {metadata}));
    const running = client.FullDuplexCall(metadata);
    running.write(ask(314159));
    running.end();
    check(await read(running));
  },
  async status_code_and_message() {
    const response_status = {code: 2, message: 'test status message'};
    const one = await unary('UnaryCall', {response_status});
    assert.deepStrictEqual([one.status.code, one.status.details], [2, response_status.message]);
    const running = client.FullDuplexCall();
    running.write({response_status});
    const two = await read(running);
    assert.deepStrictEqual([two.status.code, two.status.details], [2, response_status.message]);
  },
  async special_status_message() {
    const message = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1F608}\t\n';
    const got = await unary('UnaryCall', {response_status: {code: 2, message}});
    assert.deepStrictEqual([got.status.code, got.status.details], [2, message]);
  },
  async unimplemented_method() {
    assert.strictEqual((await unary('UnimplementedCall', {})).status.code, grpc.status.UNIMPLEMENTED);
  },
  async unimplemented_service() {
    const other = grpc.makeGenericClientConstructor({Call: {
      path: '/grpc.testing.UnimplementedService/UnimplementedCall', requestStream: false, responseStream: false,
      requestSerialize: () => Buffer.alloc(0), requestDeserialize: (b) => b,
      responseSerialize: (b) => b, responseDeserialize: (b) => b}}, 'Other');
    const on = new other(target, plain);
    assert.strictEqual((await unary('Call', {}, {on})).status.code, grpc.status.UNIMPLEMENTED);
    on.close();
  },
  async cancel_after_begin() {
    const status = await new Promise((resolve) => {
      const running = client.StreamingInputCall(() => {});
      running.on('status', resolve);
      setTimeout(() => running.cancel(), 50);
    });
    assert.strictEqual(status.code, grpc.status.CANCELLED);
  },
  async cancel_after_first_response() {
    const running = client.FullDuplexCall();
    running.write({...ask(31415), payload: zeros(27182)});
    const got = await read(running, () => running.cancel());
    assert.deepStrictEqual([got.sizes, got.status.code], [[31415], grpc.status.CANCELLED]);
  },
  async timeout_on_sleeping_server() {
    const running = client.FullDuplexCall({deadline: Date.now() + 200});
    running.write({response_parameters: [{size: 1, interval_us: 10000000}], payload: zeros(27182)});
    assert.strictEqual((await read(running)).status.code, grpc.status.DEADLINE_EXCEEDED);
  },
  async concurrent_large_unary() {
    const all = await Promise.all(Array.from({length: 200}, () => unary('UnaryCall', large())));
    for (const one of all) assert.strictEqual(one.status.code, 0, one.status.details);
  },
  async too_large_a_request() {
    const got = await unary('UnaryCall', {payload: zeros(4 * 1024 * 1024)});
    assert.strictEqual(got.status.code, grpc.status.RESOURCE_EXHAUSTED);
  },
  async long_streams() {
    const parameters = Array.from({length: 1000}, () => ({size: 10000}));
    const got = await read(client.StreamingOutputCall({response_parameters: parameters}));
    assert.deepStrictEqual([got.sizes.length, got.status.code], [1000, 0]);
  },
  async health() {
    const on = new health.v1.Health(target, plain);
    assert.strictEqual((await unary('Check', {service: ''}, {on})).value.status, 'SERVING');
    on.close();
  },
};

(async () => {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`ok      ${name}`);
    } catch (error) {
      console.log(`FAILED  ${name}\n`, error);
      failed += 1;
    }
  }
  client.close();
  console.log(`${Object.keys(tests).length} run, ${failed} failed`);
  process.exit(failed ? 1 : 0);
})();
