"""A trained model as ONNX: `export` writes the files, `names` says how their parts are called."""
