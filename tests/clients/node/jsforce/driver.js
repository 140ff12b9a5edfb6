// Does with jsforce what lines of JSON on stdin ask for; answers each with a line on stdout.
//
// { connect: { instanceUrl, accessToken, version } }
// { load: { object, operation, ..., input } }             bulk2.loadAndWaitForResults
// { query: { soql, options } }                            bulk2.query, all records
// { job: { create: {...} | type, id, steps: [[method, ...arguments], ...] } }
// { call: [path, ...arguments] }                          a method of the connection
//
// An answer is { value } or { error: { name, errorCode, message } }; a job's also has the events that
// it emitted. An input is text, records, or { file } for a stream.

const { createReadStream } = require('node:fs');
const { createInterface } = require('node:readline');
const { createRequire } = require('node:module');

const { Connection } = createRequire(process.cwd() + '/')('jsforce');

const EVENTS = ['open', 'close', 'aborted', 'inProgress', 'jobComplete'];
let connection;

const input = (given) => (given && given.file ? createReadStream(given.file) : given);

const actions = {
  connect: (options) => {
    connection = new Connection(options);
    connection.bulk2.pollInterval = 20;
    connection.bulk2.pollTimeout = 20000;
  },

  load: (options) =>
    connection.bulk2.loadAndWaitForResults({ ...options, input: input(options.input) }),

  query: async ({ soql, options }) => (await connection.bulk2.query(soql, options)).toArray(),

  job: async ({ create, type, id, steps }) => {
    const job = create ? connection.bulk2.createJob(create) : connection.bulk2.job(type, { id });
    const events = [];
    for (const event of EVENTS) job.on(event, () => events.push(event));
    const values = [];
    for (const [method, ...rest] of steps) {
      values.push((await job[method](...rest.map(input))) ?? null);
    }
    return { id: job.id, events, values };
  },

  call: async ([path, ...rest]) => {
    const names = path.split('.');
    const method = names.pop();
    const target = names.reduce((found, name) => found[name], connection);
    return target[method](...rest);
  },
};

async function answer(line) {
  const [[name, argument]] = Object.entries(JSON.parse(line));
  try {
    return JSON.stringify({ value: (await actions[name](argument)) ?? null });
  } catch (error) {
    const { name: kind, errorCode, message } = error;
    return JSON.stringify({ error: { name: kind, errorCode, message } });
  }
}

// jsforce may raise errors that nobody awaits; the line under way reports what it meets itself.
process.on('unhandledRejection', (error) => console.error(error));

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write((await answer(line)) + '\n');
  }
})();
