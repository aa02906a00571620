"""Run every command of `docs/install.md` in a clean Debian root, and ask for a page over https."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.install.document import ROOT, YOURS, commands

SUITE = "bookworm"
NAME = "localhost"
"""Caddy signs a certificate for it itself, where it would ask for one otherwise."""
HERE = Path(__file__).resolve().parent


def main() -> int:
    """Returns 1 unless a page came over https."""
    given = _arguments()
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        print("This needs root, and debootstrap.", file=sys.stderr)
        return 1
    root = Path(tempfile.mkdtemp(prefix="funnelbook-root-"))
    try:
        _make_root(root, given.base)
        return _install(root)
    finally:
        _end_all_in(root)
        _unmount(root)
        if not given.keep:
            shutil.rmtree(root, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.install", description=__doc__)
    parser.add_argument("--base", type=Path, help="a root that debootstrap made before, to copy")
    parser.add_argument("--keep", action="store_true", help="leave the root there")
    return parser.parse_args()


def _make_root(root: Path, base: Path | None) -> None:
    if base:
        subprocess.run(["cp", "-a", f"{base}/.", root], check=True)
    else:
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, root], check=True)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    trusted = Path("/etc/ssl/certs/ca-certificates.crt")
    if trusted.exists():  # a network may have a certificate of its own
        (root / "etc/trusted.crt").write_bytes(trusted.read_bytes())
    for kind, place in (("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"), ("tmpfs", "dev/shm")):
        (root / place).mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", kind, kind, root / place], check=True)
    shutil.copy(HERE / "systemctl", root / "usr/local/bin/systemctl")
    subprocess.run(["git", "-C", ROOT, "bundle", "create", root / "funnelbook.git", "HEAD"], check=True)


def _install(root: Path) -> int:
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "DEBIAN_FRONTEND": "noninteractive",
        "ADMIN_PASSWORD": "a long enough phrase",
        "PIP_CERT": "/etc/trusted.crt",
    }
    for number, command in enumerate(commands(), start=1):
        for yours, ours in zip(YOURS, ("/funnelbook.git", NAME, "you@example.com"), strict=True):
            command = command.replace(yours, ours)
        print(f"{number:2}  {command}", flush=True)
        began = time.monotonic()
        if not _run_until_it_works(root, command, environment):
            return 1
        print(f"    {time.monotonic() - began:.0f} s", flush=True)
    fetched = ["python3", "-c", _FETCH]
    for _ in range(120):
        answer = subprocess.run(["chroot", root, *fetched], env=environment, capture_output=True, text=True)
        if answer.returncode == 0:
            print(f"https://{NAME}/sign-in {answer.stdout.strip()}")
            return 0
        time.sleep(1)
    print(answer.stderr, (root / "var/log/funnelbook.log").read_text(), file=sys.stderr)
    return 1


_FETCH = f"""
import ssl, urllib.request
context = ssl._create_unverified_context()
for path in ("/readyz", "/sign-in"):
    with urllib.request.urlopen("https://{NAME}" + path, context=context, timeout=20) as answer:
        page = answer.read().decode()
assert "Sign in" in page, page
print(answer.status)
"""


def _run_until_it_works(root: Path, command: str, environment: dict[str, str]) -> bool:
    """The administrator can be made when the first start has made the tables: people wait for that, and so do we."""
    tries = 60 if "create_admin" in command else 1
    for _ in range(tries):
        done = subprocess.run(
            ["chroot", root, "/bin/bash", "-c", command], env=environment, capture_output=True, text=True
        )
        if done.returncode == 0:
            return True
        time.sleep(2)
    print(done.stdout[-3000:], done.stderr[-3000:], file=sys.stderr)
    return False


def _end_all_in(root: Path) -> None:
    """Processes whose root this is, and no others."""
    ours = []
    for process in psutil.process_iter():
        try:
            if os.readlink(f"/proc/{process.pid}/root") == str(root):
                ours.append(process)
        except OSError:
            continue
    for process in ours:
        try:
            process.send_signal(signal.SIGTERM)
        except psutil.NoSuchProcess:
            continue
    _, left = psutil.wait_procs(ours, 20)
    for process in left:
        process.kill()


def _unmount(root: Path) -> None:
    for place in ("dev/shm", "dev", "sys", "proc"):
        subprocess.run(["umount", "-l", root / place], capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
