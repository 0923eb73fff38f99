"""The names of the files of a model in ONNX and of its inputs and outputs, read without torch."""

MODEL_NAME = "model.onnx"
VOICE_NAME = "voice.onnx"
FACTS_NAME = "onnx.json"
OUTPUTS = ("values", "h_audio")
UNCERTAINTIES = ("aleatoric", "epistemic")  # variances
PRESENT = "_present"  # ends the name of the input that says whether a text is there
