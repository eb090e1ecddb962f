"""The page's words, for those who ask in a terminal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Self, cast


class Language(StrEnum):
    """What is spoken here; the first one where nobody asks for another."""

    CHINESE = "zh"
    ENGLISH = "en"


_FILES = {Language.CHINESE: "zh-CN.json", Language.ENGLISH: "en.json"}


def language_of(locale: str) -> Language:
    """The language of a POSIX locale (``en_GB.UTF-8``): English for who asks for it, Chinese for all others."""
    return Language.ENGLISH if locale.lower().startswith("en") else Language.CHINESE


@dataclass(frozen=True, slots=True)
class Words:
    """One language's catalogue: group → key → text."""

    catalogue: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, language: Language) -> Self:
        """The page's catalogue in ``language``."""
        text = files(__package__ or "").joinpath("static", _FILES[language]).read_text("utf-8")
        return cls(cast(Mapping[str, Mapping[str, str]], json.loads(text)))

    def say(self, group: str, key: str) -> str:
        """The words for a key; the key itself where none are known, so that a new reason is never hidden."""
        return self.catalogue.get(group, {}).get(key, key)

    def sentence(self, key: str, **values: str) -> str:
        """A sentence of the page with its places filled in."""
        return self.catalogue["page"][key].format(**values)
