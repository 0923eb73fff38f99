"""`lemf serve`: the page of a recording for every recording of a folder, in a browser nearby.

`guard` lets in whom the address was given to, `folder` says which files there are, `workbench`
measures what is `opened` and corrects it by the `steps` of a `correction`, `exports` and `upload`
write, `site` answers requests, `server` listens.
"""
