"""Keys and policies of a data folder, for the command line beside a running service."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from lamppost.core.errors import UsageError
from lamppost.service.keys import Keys
from lamppost.service.policies import Policies
from lamppost.service.ports import Journal
from lamppost.service.runtime import Settings
from lamppost.service.secrets import VARIABLE, load_secrets
from lamppost.signals.recorded import RecordedReader
from lamppost.wiring import build_engine, key_folder, open_cases, open_stores


class Desk:
    """Opens the stores of a folder; whoever may read the folder's secret may do everything."""

    def __init__(self, folder: Path, store: str = "", journal: Journal | None = None) -> None:
        if not (folder / "secret").is_file() and not os.environ.get(VARIABLE):
            raise UsageError(
                "is not a folder of a service", where=str(folder), hint="start `lamppost serve`"
            )
        self._folder = folder
        self._stores = open_stores(Settings(data=str(folder), store=store).url)
        if journal is None:
            journal = open_cases(self._stores.database, key_folder(folder)).journal
        self._journal: Journal = journal
        self.keys = Keys(self._stores.keys, load_secrets(folder).derive("api keys"))
        self._policies: Policies | None = None

    @property
    def policies(self) -> Policies:
        """Policies, with an engine for backtests; built when first asked for."""
        if self._policies is None:
            engine = build_engine()
            recorded = replace(engine, reader=RecordedReader(engine.library))
            self._policies = Policies(self._stores.policies, self._stores.ledger, recorded)
            self._policies.start()
        return self._policies

    @property
    def who(self) -> str:
        """Who acts: the user of this machine."""
        try:
            return f"user {getpass.getuser()}"[:64]
        except (OSError, KeyError):
            return "command line"

    def note(self, act: str, subject: str, details: Mapping[str, Any]) -> None:
        """Write an act into the audit chain."""
        self._journal.record(actor=self.who, act=act, subject=subject, details=details)

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stores.close()
