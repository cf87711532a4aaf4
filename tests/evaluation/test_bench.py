"""The bench adds up."""

from __future__ import annotations

import pytest

from lamppost.evaluation.bench import bench
from lamppost.wiring import build_engine


def test_stages_add_up_to_everything() -> None:
    *parts, whole = bench(build_engine(), 3_000)
    assert whole.name == "everything"
    assert whole.share == 1
    assert sum(stage.share for stage in parts) == pytest.approx(1, abs=0.25)
    assert all(stage.per_second > 0 for stage in parts)
    assert whole.per_second < min(stage.per_second for stage in parts if stage.share > 0.01) * 1.01
