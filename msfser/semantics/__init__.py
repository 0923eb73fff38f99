"""The three levels of semantics, LES, GS and ES: texts and their vectors (section 2.2)."""
