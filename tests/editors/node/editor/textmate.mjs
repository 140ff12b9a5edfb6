// Highlights texts as Visual Studio Code does. Argument: a JSON file with `grammar` and, by name,
// `texts`; prints, by name, runs of [line, first column, last column + 1, scopes], all from 0 and in
// code points.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const { grammar: file, texts } = JSON.parse(readFileSync(process.argv[1], "utf8"));
const require = createRequire(`${process.cwd()}/`);
await oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(readFileSync(file, "utf8"), file),
});
const grammar = await registry.loadGrammar("source.bulkflow");

const found = {};
for (const [name, text] of Object.entries(texts)) {
  found[name] = [];
  let state = textmate.INITIAL;
  text.split("\n").forEach((line, number) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    const points = (units) => [...line.slice(0, units)].length;
    for (const { startIndex, endIndex, scopes } of tokens) {
      found[name].push([number, points(startIndex), points(endIndex), scopes.slice(1)]);
    }
    state = ruleStack;
  });
}
console.log(JSON.stringify(found));
