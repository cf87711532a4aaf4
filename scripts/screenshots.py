"""Take the pictures of the documentation: the report on the bundled synthetic chat.

The report is opened from disk in headless Chromium, offline. Stops when the page logs an error
or asks for anything from a network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "images" / "report.png"
WIDTH, HEIGHT = 1100, 1250
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


def chromium() -> str | None:
    """Path of a Chromium, found as scripts/chromium.sh finds it."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def make_report(target: Path) -> None:
    """Scan the bundled chat as `make run` does."""
    subprocess.run(
        ["make", "--no-print-directory", "run", f"REPORT={target}"],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def main() -> int:
    """Write docs/images/report.png."""
    browser_path = chromium()
    if browser_path is None:
        print("screenshots: no Chromium here; run make browser")
        return 1
    trouble: list[str] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = Path(folder) / "report.html"
        make_report(report)
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.on(
            "console", lambda entry: trouble.append(entry.text) if entry.type == "error" else None
        )
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(("file:", "data:"))
            else trouble.append(f"asked for {request.url}"),
        )  # fmt: skip
        page.goto(report.as_uri())
        OUT.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=OUT)
        browser.close()
    for line in trouble:
        print(f"screenshots: {line}")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
