"""The language server for pipeline files.

Only `bulkflow.lsp.server` and `bulkflow.lsp.convert` use the protocol's library. Everything else
works on source texts and offsets, like the rest of the program.
"""
