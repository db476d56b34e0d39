"""`swtalent registry`: a CSV file goes to the running service in sheets, and again without harm."""

from __future__ import annotations

import asyncio
import json

import pytest
from typer.testing import CliRunner

from clients.cli.__main__ import app
from tests.builders.registry import an_id_number
from tests.component.registry.test_trainings import EXAM, Trainings


@pytest.fixture
def trainings(registry):
    return Trainings(registry)


async def run(trainings, *arguments, **token):
    environment = {
        "SWTALENT_TOKEN": trainings.registry.token(**token)[0][1].removeprefix("Bearer "),
        "SWTALENT_REGISTRY_ADDRESS": trainings.registry.app.address,
        "SWTALENT_NEIGHBOUR_TLS_CA": "",
    }
    return await asyncio.to_thread(CliRunner().invoke, app, ["registry", *arguments], env=environment)


def a_file(tmp_path, count, header, rest, encoding="utf-8"):
    path = tmp_path / "list.csv"
    lines = [f"王芳,{an_id_number(f'1990{1 + it // 900:02d}01', it % 900)},{rest(it)}" for it in range(count)]
    path.write_bytes("\n".join([header, *lines]).encode(encoding))
    return str(path)


async def test_an_attendance_list_is_uploaded_in_sheets_and_once_only(trainings, tmp_path):
    await trainings.planned()
    await trainings.held()
    file = a_file(tmp_path, 510, "name,id_number,minutes", lambda _: "60", encoding="gb18030")
    arguments = ("attendance", file, "--session", "civil_affairs/2021-017", "--department", "civil_affairs", "--json")

    first, again = await run(trainings, *arguments), await run(trainings, *arguments)
    await trainings.registry.settled()

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert [it["rows"] for it in json.loads(first.stdout)["sheets"]] == [500, 10]
    facts = await trainings.session()
    assert (facts.attendees, facts.person_minutes) == (510, 510 * 60)


async def test_results_are_uploaded(trainings, tmp_path):
    sitting = await trainings.announced()
    file = a_file(tmp_path, 3, "name,id_number,certificate", lambda it: f"SC-{it}")

    done = await run(trainings, "results", file, "--sitting", sitting, **EXAM)
    await trainings.registry.settled()

    assert done.exit_code == 0
    assert len(trainings.talents()) == 3


@pytest.mark.parametrize(
    "content", ["", "name,height\n", "name,id_number,minutes\n", "name,id_number,minutes\n王芳,1,x"]
)
async def test_a_file_that_is_no_list_is_refused(trainings, tmp_path, content):
    path = tmp_path / "list.csv"
    path.write_text(content, encoding="utf-8")

    done = await run(trainings, "attendance", str(path), "--session", "civil_affairs/x", "--department", "x")

    assert done.exit_code == 1
