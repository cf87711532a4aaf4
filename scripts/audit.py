"""Known flaws in locked dependencies, from a public advisory service.

Three outcomes, never mixed up: audited and clean (exit 0); audited and flawed (exit 1); not
audited because no service answers, said plainly (exit 0). The offline checks run in each case:
every locked package has hashes, what is installed is what is locked, and requirements agree.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

from locks import LOCKS, ROOT, RUNTIME, pins

SECONDS = 120


def offline() -> list[str]:
    """What is wrong without asking anyone; empty when all is well."""
    wrong: list[str] = []
    for lock in LOCKS:
        for pin in pins(lock):
            if pin.hashes == 0:
                wrong.append(f"{lock}: {pin.name} has no hash; run make lock")
            if not pin.here:
                continue
            try:
                installed = metadata.version(pin.name)
            except metadata.PackageNotFoundError:
                installed = "nothing"
            if installed != pin.version:
                wrong.append(f"{lock}: {pin.name} {pin.version} is locked, {installed} installed")
    check = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    if check.returncode:
        wrong.append(f"pip check: {check.stdout.strip()}")
    return wrong


def ask(service: str) -> tuple[int, list[str], int] | None:
    """Audited, flaws, not audited; `None` when the service does not answer."""
    command = [
        sys.executable, "-m", "pip_audit",
        *(word for lock in RUNTIME for word in ("--requirement", str(ROOT / lock))),
        "--no-deps", "--disable-pip", "--vulnerability-service", service,
        "--format", "json", "--progress-spinner", "off", "--timeout", "10",
    ]  # fmt: skip
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        answer = json.loads(run.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    audited, flaws, skipped = 0, [], 0
    for row in answer["dependencies"]:
        if "skip_reason" in row:
            skipped += 1
            continue
        audited += 1
        flaws += [
            f"{row['name']} {row['version']}: {flaw['id']}, fixed in "
            f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
            for flaw in row["vulns"]
        ]
    return (audited, flaws, skipped) if audited else None


def main() -> int:
    """Run both and print one line each."""
    wrong = offline()
    for line in wrong:
        print(f"audit: {line}")
    if not wrong:
        count = len({pin.name for lock in LOCKS for pin in pins(lock)})
        print(f"audit: {count} locked packages have hashes; installed are the locked versions")
    for service in ("osv", "pypi"):
        answer = ask(service)
        if answer is None:
            continue
        audited, flaws, skipped = answer
        for flaw in flaws:
            print(f"audit: {flaw}")
        print(
            f"audit: {audited} runtime packages looked up ({service}), {len(flaws)} known flaws, "
            f"{skipped} could not be looked up"
        )
        return 1 if flaws or wrong else 0
    print("audit: NOT looked up for known flaws: no advisory service answers from here")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
