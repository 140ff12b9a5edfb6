// Speaks to a language server. Arguments: the command and its arguments; prints what it answered.

import { spawn } from "node:child_process";
import { once } from "node:events";
import rpc from "vscode-jsonrpc/node.js";

const [command, ...words] = process.argv.slice(1);
const server = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] });
const ended = once(server, "exit");
const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(server.stdout),
  new rpc.StreamMessageWriter(server.stdin),
);
const published = new Promise((resolve) =>
  connection.onNotification("textDocument/publishDiagnostics", resolve),
);
connection.listen();

const uri = "file:///nightly.bulkflow";
const { capabilities } = await connection.sendRequest("initialize", {
  processId: process.pid,
  rootUri: null,
  capabilities: {},
});
await connection.sendNotification("initialized", {});
await connection.sendNotification("textDocument/didOpen", {
  textDocument: { uri, languageId: "bulkflow", version: 1, text: "org   sandbox\nlgo \"𝒳\"\nwa\n" },
});
const { diagnostics } = await published;
const completions = await connection.sendRequest("textDocument/completion", {
  textDocument: { uri },
  position: { line: 2, character: 2 },
});
await connection.sendNotification("textDocument/didChange", {
  textDocument: { uri, version: 2 },
  contentChanges: [{ text: "org   sandbox\nlog \"𝒳\"\n" }],
});
const edits = await connection.sendRequest("textDocument/formatting", {
  textDocument: { uri },
  options: { tabSize: 4, insertSpaces: true },
});
await connection.sendRequest("shutdown");
await connection.sendNotification("exit");
const [code] = await ended;
connection.dispose();
console.log(JSON.stringify({ capabilities, diagnostics, completions, edits, code }));
