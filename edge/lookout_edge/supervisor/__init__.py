"""What runs cameras side by side and keeps them running: threads, states, evidence, commands."""

from lookout_edge.supervisor.actions import ActingSink, Action, NoDevices, SilentVoice
from lookout_edge.supervisor.buttons import Button, ButtonDesk, schedule_on_thread
from lookout_edge.supervisor.camera import CameraWorker, Delays, RunningSource
from lookout_edge.supervisor.commands import CommandDesk, ResidentBook, VerdictBook
from lookout_edge.supervisor.crew import Crew
from lookout_edge.supervisor.gateway import Gateway, Identity, Service, Unwatched, make_status, take_snapshot
from lookout_edge.supervisor.inference import (
    URGENT_S,
    USUAL_S,
    IdleDetector,
    InferenceOwner,
    Load,
    QueuedDetector,
    QueuedPlateReader,
    QueuedPoseEstimator,
    workers_for,
)
from lookout_edge.supervisor.proof import ProofDesk, ProofSettings
from lookout_edge.supervisor.remembering import NoteKeeper, RememberingSink
from lookout_edge.supervisor.rollout import Rollouts
from lookout_edge.supervisor.self_test import Hop, Rehearsal, SelfTest, SelfTestDesk
from lookout_edge.supervisor.trial_alarm import send_trial_alarm

__all__ = [
    "URGENT_S",
    "USUAL_S",
    "ActingSink",
    "Action",
    "Button",
    "ButtonDesk",
    "CameraWorker",
    "CommandDesk",
    "Crew",
    "Delays",
    "Gateway",
    "Hop",
    "Identity",
    "IdleDetector",
    "InferenceOwner",
    "Load",
    "NoDevices",
    "NoteKeeper",
    "ProofDesk",
    "ProofSettings",
    "QueuedDetector",
    "QueuedPlateReader",
    "QueuedPoseEstimator",
    "Rehearsal",
    "RememberingSink",
    "ResidentBook",
    "Rollouts",
    "RunningSource",
    "SelfTest",
    "SelfTestDesk",
    "Service",
    "SilentVoice",
    "Unwatched",
    "VerdictBook",
    "make_status",
    "schedule_on_thread",
    "send_trial_alarm",
    "take_snapshot",
    "workers_for",
]
