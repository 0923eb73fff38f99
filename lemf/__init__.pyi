# The public names of lemf, listed here and nowhere else: `lazy_loader` loads each on first use.

from .agreement.bootstrap import bootstrap_interval as bootstrap_interval
from .agreement.evaluation import Evaluation as Evaluation
from .agreement.evaluation import evaluate_labels as evaluate_labels
from .agreement.fitting import FittedWeights as FittedWeights
from .agreement.fitting import fit_sentences as fit_sentences
from .agreement.fitting import fit_weights as fit_weights
from .agreement.labels import read_labels as read_labels
from .agreement.rated_sentences import rate_sentences as rate_sentences
from .config import Settings as Settings
from .contours.contours import Contours as Contours
from .contours.pitch import harvest as harvest
from .corpus.listing import AUDIO_SUFFIXES as AUDIO_SUFFIXES
from .corpus.listing import MANIFEST_SUFFIXES as MANIFEST_SUFFIXES
from .corpus.rescoring import rescore_features as rescore_features
from .corpus.run import CorpusRun as CorpusRun
from .corpus.run import score_corpus as score_corpus
from .display.figure import draw as draw
from .display.textgrid_output import format_textgrid as format_textgrid
from .display.textgrid_output import write_textgrid as write_textgrid
from .errors import AudioError as AudioError
from .errors import CorpusError as CorpusError
from .errors import LemfError as LemfError
from .errors import MissingPackageError as MissingPackageError
from .errors import NoWordsError as NoWordsError
from .errors import OutputError as OutputError
from .errors import SettingsError as SettingsError
from .errors import TextGridError as TextGridError
from .pipeline import score as score
from .reading.audio import Audio as Audio
from .reading.audio import read_audio as read_audio
from .reading.rows import read_rows as read_rows
from .reading.textgrid import Interval as Interval
from .reading.textgrid import IntervalTier as IntervalTier
from .reading.textgrid import PointTier as PointTier
from .reading.textgrid import TextGrid as TextGrid
from .reading.textgrid import parse_textgrid as parse_textgrid
from .reading.textgrid import read_textgrid as read_textgrid
from .reading.tiers import PHONE_TIER_NAMES as PHONE_TIER_NAMES
from .reading.tiers import WORD_TIER_NAMES as WORD_TIER_NAMES
from .scoring.emphasis import CueShare as CueShare
from .scoring.emphasis import Emphasis as Emphasis
from .scoring.emphasis import Segment as Segment
from .scoring.emphasis import SentenceEmphasis as SentenceEmphasis
from .scoring.emphasis import WordEmphasis as WordEmphasis

__version__: str
