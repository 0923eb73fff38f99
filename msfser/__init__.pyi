# The public names of msfser, listed here and nowhere else: `lazy_loader` loads each on first use.

from .errors import MsfserError as MsfserError
from .evaluation.prediction_table import read_predictions as read_predictions
from .manifest import Manifest as Manifest
from .manifest import Utterance as Utterance
from .manifest import label_array as label_array
from .manifest import read_manifest as read_manifest
from .model.msf_ser import MsfSer as MsfSer
from .prediction.onnx_model import OnnxModel as OnnxModel
from .prediction.predict import predict_files as predict_files
from .prediction.predict import predict_speech as predict_speech
from .prediction.speech_files import SpeechFile as SpeechFile
from .prediction.speech_files import find_speech as find_speech
from .semantics.features import open_features as open_features
from .semantics.texts import read_texts as read_texts
