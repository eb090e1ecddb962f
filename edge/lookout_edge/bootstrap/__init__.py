"""Puts the gateway together. The one package that names concrete adapters."""

from lookout_edge.bootstrap.configuration import enrol as enrol
from lookout_edge.bootstrap.configuration import load as load
from lookout_edge.bootstrap.devices import broker_options as broker_options
from lookout_edge.bootstrap.gateway import GatewayBuilder as GatewayBuilder
from lookout_edge.bootstrap.kept import MEMORY as MEMORY
from lookout_edge.bootstrap.kept import PROPOSALS as PROPOSALS
from lookout_edge.bootstrap.kept import decide as decide
from lookout_edge.bootstrap.kept import is_running as is_running
from lookout_edge.bootstrap.kept import open_memory as open_memory
from lookout_edge.bootstrap.kept import open_proposals as open_proposals
from lookout_edge.bootstrap.models import Models as Models
from lookout_edge.bootstrap.models import check_weights as check_weights
from lookout_edge.bootstrap.models import detector_entry as detector_entry
from lookout_edge.bootstrap.models import load_models as load_models
from lookout_edge.bootstrap.models import widest_detector as widest_detector
from lookout_edge.bootstrap.streams import clip_source as clip_source
from lookout_edge.bootstrap.watching import NobodyKnown as NobodyKnown
from lookout_edge.bootstrap.watching import build_pipeline as build_pipeline
from lookout_edge.bootstrap.watching import build_rules as build_rules
from lookout_edge.bootstrap.watching import default_rules as default_rules
from lookout_edge.bootstrap.watching import looks_of as looks_of
from lookout_edge.bootstrap.watching import masks_of as masks_of
from lookout_edge.bootstrap.watching import sight_of as sight_of
