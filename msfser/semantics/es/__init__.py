"""Extended Semantics: the voice described by a server, Kimi-Audio, a file or acoustic measures.

`run` describes what is not described yet; each backend has a module (`server`, `kimi`,
`description_file`, `voice`); `description` holds the six categories of table 1.
"""
