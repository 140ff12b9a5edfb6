// Runs the extension with the real client and a stand-in for the editor. Arguments: the extension, the
// folder of its packages, and what is set as `bulkflow.command`, or nothing; prints what was called.

const childProcess = require("node:child_process");
const Module = require("node:module");

const [extension, packages, setting] = process.argv.slice(1);
const record = { spawned: [], asked: [], providers: [] };

const spawn = childProcess.spawn;
childProcess.spawn = (command, words, options) => {
  record.spawned.push([command, words]);
  return spawn(command, words, options);
};

class Anything {
  static from() {
    return new Anything();
  }
  dispose() {}
}
class Uri {
  constructor(text) {
    this.text = text;
    this.scheme = "file";
    this.fsPath = text.replace("file://", "");
  }
  static parse(text) {
    return new Uri(text);
  }
  static file(path) {
    return new Uri(`file://${path}`);
  }
  toString() {
    return this.text;
  }
}
class CodeActionKind {
  constructor(value) {
    this.value = value;
  }
  append(part) {
    return new CodeActionKind(this.value ? `${this.value}.${part}` : part);
  }
  static Empty = new CodeActionKind("");
  static QuickFix = new CodeActionKind("quickfix");
}
class EventEmitter {
  listeners = [];
  event = (listener) => {
    this.listeners.push(listener);
    return new Anything();
  };
  fire(value) {
    for (const listener of this.listeners) listener(value);
  }
  dispose() {}
}

class CancellationTokenSource extends Anything {
  token = { isCancellationRequested: false, onCancellationRequested: never };
}
class Diagnostic {
  constructor(range, message, severity) {
    Object.assign(this, { range, message, severity });
  }
}

const never = () => new Anything();
const file = {
  uri: Uri.parse("file:///nightly.bulkflow"),
  languageId: "bulkflow",
  version: 1,
  getText: () => "lgo 3\n",
};
let diagnosed;
const diagnostics = new Promise((resolve) => {
  diagnosed = resolve;
});
const output = {
  append: (text) => process.stderr.write(text),
  appendLine: (text) => process.stderr.write(`${text}\n`),
  show() {},
  dispose() {},
};

// What is not named here is an event that never comes, a registration, or a class.
const silent = (known) =>
  new Proxy(known, {
    get: (target, name) => {
      if (name in target || typeof name !== "string") return target[name];
      if (name.startsWith("register")) {
        return () => {
          record.providers.push(name);
          return new Anything();
        };
      }
      return never;
    },
  });
const editor = new Proxy(
  {
    version: "1.90.0",
    Uri,
    CancellationTokenSource,
    CodeActionKind,
    Diagnostic,
    EventEmitter,
    env: { language: "en", appName: "stand-in" },
    languages: silent({
      match: (selector, document) =>
        [selector].flat().some((each) => each.language === document.languageId) ? 10 : 0,
      createDiagnosticCollection: () => ({
        set: (uri, found) => diagnosed(found),
        delete() {},
        clear() {},
        dispose() {},
      }),
    }),
    workspace: silent({
      textDocuments: [file],
      workspaceFolders: undefined,
      getConfiguration: (section) => ({
        get: (name, otherwise) => {
          record.asked.push([section, name].join("."));
          return section === "bulkflow" && setting ? setting : otherwise;
        },
      }),
    }),
    window: silent({
      activeTextEditor: undefined,
      createOutputChannel: () => output,
      showErrorMessage: async (message) => {
        throw new Error(message);
      },
      tabGroups: silent({ all: [] }),
    }),
    commands: silent({}),
  },
  { get: (target, name) => (name in target ? target[name] : class extends Anything {}) },
);

const load = Module._load;
Module._load = (request, ...rest) => (request === "vscode" ? editor : load(request, ...rest));
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, parent, main, options) =>
  resolve(request, parent, main, parent?.filename === extension ? { paths: [packages] } : options);

async function main() {
  const { activate, deactivate } = require(extension);
  await activate();
  record.diagnostics = (await diagnostics).map(({ code, message }) => ({ code, message }));
  await deactivate();
  console.log(JSON.stringify(record));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
