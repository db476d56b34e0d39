"""The Java that docs/partners.md shows seals as the platform opens."""

import subprocess
from pathlib import Path

import pytest

from deploy.local.java import java
from deploy.local.problem import JavaMissing
from services.shared.runtime import keys
from services.shared.runtime.sealing import SealOpener

EXAMPLE = Path(__file__).parents[2] / "docs/examples/SealedFields.java"


def a_compiling_java():
    try:
        program = java()
    except JavaMissing as missing:
        pytest.skip(f"{missing}; {missing.fix}")
    modules = subprocess.run([program, "--list-modules"], check=True, capture_output=True, text=True).stdout
    if "jdk.compiler" not in modules:
        pytest.skip(f"{program} has no compiler: the example needs a JDK, not a runtime")
    return program


@pytest.mark.parametrize("text", ["张三", "A\u030angstro\u0308m", ""])
def test_the_platform_opens_what_a_jdk_sealed_by_hand(tmp_path, text):
    keys.init(tmp_path)
    public = keys.load_public(tmp_path, "seal").public.hex()
    record = ["TalentRecord", "CD-2021-000017", "3", "name"]

    command = [a_compiling_java(), "-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8", EXAMPLE]
    made = subprocess.run(
        [*command, public, "local", "civil_affairs-510100", *record, text],
        check=True,
        capture_output=True,
        text=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    header, sealed = map(bytes.fromhex, made.stdout.split())

    opened = SealOpener.from_files(tmp_path, deployment="local").open(
        header,
        partner="civil_affairs-510100",
        type="TalentRecord",
        record_id="CD-2021-000017",
        revision=3,
        field="name",
        sealed=sealed,
    )
    assert opened == text.replace("A\u030a", "\u00c5").replace("o\u0308", "\u00f6")
