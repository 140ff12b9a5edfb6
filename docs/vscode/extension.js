// Starts `bulkflow lsp` and hands it the pipeline files that are open.

const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function activate() {
  const command = workspace.getConfiguration("bulkflow").get("command", "bulkflow");
  client = new LanguageClient(
    "bulkflow",
    "bulkflow",
    { command, args: ["lsp"] },
    { documentSelector: [{ language: "bulkflow" }] },
  );
  return client.start();
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
