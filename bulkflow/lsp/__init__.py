"""A language server: what an editor asks about pipeline files, answered from the plugins.

Only `bulkflow.lsp.server` and `bulkflow.lsp.convert` know the protocol's library; everything else
works on source texts and offsets, as the rest of the program does.
"""
