"""Read audio clips and vectors into batches for training and inference.

`clips` reads audio, `examples` joins the manifest with texts and vectors, `batching` pads.
"""
