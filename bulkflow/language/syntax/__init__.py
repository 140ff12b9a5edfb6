"""From text to a syntax tree and back to text: tokens, the parser, literals, syntax errors."""
