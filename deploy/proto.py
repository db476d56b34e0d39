"""Stubs from contracts: `python -m deploy.proto generate | check | breaking`. Called by the Makefile and a test."""

import argparse
import filecmp
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRACTS = ROOT / "proto"
STUBS = CONTRACTS / "gen"


def generate(into: Path) -> None:
    """Replaces `into` by the stubs of all contracts; leaves it untouched when one does not compile."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "gen"
        fresh.mkdir()
        _protoc(fresh)
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(fresh, into)


def differences(stubs: Path = STUBS) -> list[str]:
    """Files of `stubs` that a regeneration would change, add or remove; empty = fresh."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        _protoc(fresh)
        names = sorted(set(_files(fresh)) | set(_files(stubs)))
        return [
            name
            for name in names
            if not (fresh / name).exists()
            or not (stubs / name).exists()
            or not filecmp.cmp(fresh / name, stubs / name, shallow=False)
        ]


def breaking() -> str:
    """What buf says against the branch main; empty = compatible, or no such branch here."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""
    known = subprocess.run(
        [git, "rev-parse", "--verify", "--quiet", "main:proto/swtalent"], cwd=ROOT, check=False, capture_output=True
    )
    if known.returncode:
        return ""
    common = subprocess.run(
        [git, "rev-parse", "--git-common-dir"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    against = f"{ROOT / common.stdout.strip()}#branch=main"
    buf = Path(sys.executable).with_name("buf")
    found = subprocess.run(
        [buf, "breaking", "--against", against], cwd=ROOT, check=False, capture_output=True, text=True
    )
    return (found.stdout + found.stderr).strip() if found.returncode else ""


def _protoc(into: Path) -> None:
    spec = importlib.util.find_spec("google.rpc.status_pb2")  # its package folder holds google/rpc/*.proto
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("googleapis-common-protos is not installed")
    compiler = [sys.executable, "-m", "grpc_tools.protoc", f"-I{CONTRACTS}", f"-I{Path(spec.origin).parents[2]}"]
    outputs = [
        f"--python_out={into}",
        f"--grpc_python_out={into}",
        f"--mypy_out=quiet:{into}",
        f"--mypy_grpc_out=quiet:{into}",
    ]
    programs = Path(sys.executable).parent
    plugins = [f"--plugin={name}={programs / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")]
    contracts = sorted(str(path) for path in (CONTRACTS / "swtalent").rglob("*.proto"))
    subprocess.run([*compiler, *plugins, *outputs, *contracts], check=True)


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.py*"):
        if path.suffix in {".py", ".pyi"}:
            yield str(path.relative_to(folder))


def main() -> int:
    """Exit 0 = done or nothing to say, 1 = stale stubs or a breaking change, named on standard error."""
    parser = argparse.ArgumentParser(prog="python -m deploy.proto")
    parser.add_argument("action", choices=["generate", "check", "breaking"])
    action = parser.parse_args().action
    problem = ""
    if action == "generate":
        generate(STUBS)
    elif action == "check":
        problem = "\n".join(f"stale stub: proto/gen/{name} (run: make proto)" for name in differences())
    else:
        problem = breaking()
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
