"""What a gateway keeps in its data folder, for the verbs that read and change it."""

from contextlib import closing

from lookout_edge.adapters.feedback import FeedbackDesk, ProposalFile
from lookout_edge.adapters.memory import Memory
from lookout_edge.adapters.pulse import is_running as memory_is_kept
from lookout_edge.adapters.verdicts import VerdictFile
from lookout_edge.config import GatewayConfig
from lookout_edge.domain.feedback import Decision
from lookout_edge.errors import ConfigError

#: The file of ``Memory`` in the data folder.
MEMORY = "memory.db"
#: The file of ``ProposalFile`` there.
PROPOSALS = "proposals.json"


def open_memory(config: GatewayConfig) -> Memory:
    """What a gateway remembers, also while it runs; ConfigError when it has never run."""
    path = config.data_dir / MEMORY
    if not path.is_file():
        raise ConfigError(f"{path}: there is no memory yet; it is kept from the first `lookout-edge run` on.")
    return Memory(path)


def is_running(config: GatewayConfig) -> bool:
    """Whether the gateway of that configuration runs on this box."""
    return memory_is_kept(config.data_dir / MEMORY)


def open_proposals(config: GatewayConfig) -> ProposalFile:
    """What a gateway proposes to leave out; a running one obeys a decision at its next look."""
    return ProposalFile(config.data_dir / PROPOSALS)


def decide(config: GatewayConfig, name: str, decision: Decision, by: str, at: float) -> None:
    """Accept or decline a proposal, which is tried again first on what is remembered. See ``ProposalFile.decide``."""
    proposals = open_proposals(config)
    if not (config.data_dir / MEMORY).is_file():
        proposals.decide(name, decision, by, at)
        return
    with closing(open_memory(config)) as memory:
        feedback_of(config, memory, proposals).decide(name, decision, by, at)


def feedback_of(config: GatewayConfig, memory: Memory, proposals: ProposalFile) -> FeedbackDesk:
    return FeedbackDesk(VerdictFile(config.data_dir / "verdicts.jsonl"), memory, proposals)
