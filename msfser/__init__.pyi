# The public names of msfser, listed here and nowhere else: `lazy_loader` loads each on first use.

from .errors import MsfserError as MsfserError
from .evaluation.predictions import read_predictions as read_predictions
from .manifest import read_manifest as read_manifest
from .model.msf_ser import MsfSer as MsfSer
from .prediction.predict import predict_files as predict_files
from .prediction.predict import predict_speech as predict_speech
from .prediction.speech_files import SpeechFile as SpeechFile
from .prediction.speech_files import find_speech as find_speech
