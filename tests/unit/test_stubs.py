"""proto/gen holds what the contracts generate, and nothing else."""

import shutil
from pathlib import Path

from deploy.proto import STUBS, differences


def test_the_stubs_are_fresh():
    assert differences() == []


def test_a_stale_a_missing_and_a_left_over_stub_are_named(tmp_path: Path):
    stubs = tmp_path / "gen"
    shutil.copytree(STUBS, stubs)
    common = stubs / "swtalent" / "common" / "v1"
    (common / "access_pb2.py").write_text("stale", encoding="utf-8")
    (common / "refusal_pb2.py").unlink()
    (common / "gone_pb2.py").write_text("left over", encoding="utf-8")

    assert differences(stubs) == [
        "swtalent/common/v1/access_pb2.py",
        "swtalent/common/v1/gone_pb2.py",
        "swtalent/common/v1/refusal_pb2.py",
    ]
