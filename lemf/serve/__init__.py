"""`lemf serve`: the page of a recording for every recording of a folder, in a browser nearby.

`guard` lets in whom the address was given to, `folder` says which files there are, `workbench`
measures and corrects, `exports` and `upload` write, `site` answers requests, `server` listens.
"""
