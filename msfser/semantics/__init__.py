"""The three levels of semantics, LES, GS and ES (section 2.2): texts and their vectors.

`les`, `gs` and `es` make the `texts` of a corpus, as `jobs` kept in a `work_file`; `encoding` turns
them into `features` by the frozen `text_encoder`.
"""
