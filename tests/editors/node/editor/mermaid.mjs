// Parses diagrams as a page does. Argument: a JSON file of texts by name; prints what is wrong, by name.

import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

// Mermaid cleans labels with what a browser brings.
const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import("mermaid");

const wrong = {};
for (const [name, text] of Object.entries(JSON.parse(readFileSync(process.argv[1], "utf8")))) {
  try {
    const { diagramType } = await mermaid.parse(text);
    if (!diagramType.startsWith("flowchart")) wrong[name] = `a diagram of type ${diagramType}`;
  } catch (error) {
    wrong[name] = error.message;
  }
}
console.log(JSON.stringify(wrong));
