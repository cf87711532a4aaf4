"""Writing to a device leaves the device as it is."""

from __future__ import annotations

import os
import sys

import pytest

from lamppost.cli._files import open_private


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/null")
def test_a_device_keeps_its_mode() -> None:
    before = os.stat("/dev/null").st_mode
    with open_private("/dev/null") as file:
        file.write(b"x")
    assert os.stat("/dev/null").st_mode == before
