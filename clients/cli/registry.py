"""`swtalent registry`: upload an attendance list or an examination's results from a CSV file, in sheets of 500."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from clients.cli.answer import Json, console, errors, fail, print_json

app = typer.Typer(no_args_is_help=True, help="Upload lists to the registry / 人才库名单上传")

MOST_ROWS = 500
Department = Annotated[str, typer.Option(help="Department of the token / 部门")]
File = Annotated[Path, typer.Argument(help="CSV: name, id_number, phone and the columns below / CSV 文件")]
FirstSheet = Annotated[int, typer.Option(help="Number of the first sheet / 起始名单编号")]


@app.command()
def attendance(
    file: File,
    session: Annotated[str, typer.Option(help="Session id, <department>/<own id> / 培训编号")],
    department: Department,
    first_sheet: FirstSheet = 1,
    json: Json = False,
) -> None:
    """Attendance of a session; column minutes may be left out. Sending a file again is safe / 上传签到名单."""
    from swtalent.registry.v1 import registry_service_pb2 as registry_pb
    from swtalent.registry.v1 import training_service_pb2 as pb

    def request(rows: Sequence[dict[str, str]], number: int, request_id: str) -> Any:
        told = [
            pb.AttendanceRow(identity=registry_pb.Identity(**_person(row)), minutes=_minutes(row, file)) for row in rows
        ]
        return pb.ReceiveAttendanceRequest(
            request_id=request_id, department=department, session_id=session, number=number, rows=told
        )

    _upload(file, ("minutes",), "ReceiveAttendance", request, about=session, first_sheet=first_sheet, json=json)


@app.command()
def results(
    file: File,
    sitting: Annotated[str, typer.Option(help="Sitting id, <province>/<level>/<day> / 考试编号")],
    department: Department = "human_resources",
    first_sheet: FirstSheet = 1,
    json: Json = False,
) -> None:
    """Results of a sitting; columns certificate, home_county. Sending a file again is safe / 上传考试成绩."""
    from swtalent.registry.v1 import registry_service_pb2 as registry_pb
    from swtalent.registry.v1 import training_service_pb2 as pb

    def request(rows: Sequence[dict[str, str]], number: int, request_id: str) -> Any:
        told = [
            pb.ResultRow(
                identity=registry_pb.Identity(**_person(row)),
                certificate=row.get("certificate", ""),
                home_county=row.get("home_county", ""),
            )
            for row in rows
        ]
        return pb.ReceiveResultsRequest(
            request_id=request_id, department=department, sitting_id=sitting, number=number, rows=told
        )

    _upload(
        file, ("certificate", "home_county"), "ReceiveResults", request, about=sitting, first_sheet=first_sheet,
        json=json,
    )  # fmt: skip


def sheets_of(rows: Sequence[dict[str, str]]) -> list[list[dict[str, str]]]:
    """At most 500 rows each; a row that was there before is left out."""
    distinct = list({tuple(row.items()): row for row in rows}.values())
    return [distinct[start : start + MOST_ROWS] for start in range(0, len(distinct), MOST_ROWS)]


def read(file: Path, columns: Sequence[str]) -> tuple[list[dict[str, str]], str]:
    """The rows and the SHA-256 of the file. Ends the command when it is not such a CSV file."""
    import csv

    try:
        raw = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    reader = csv.DictReader(text.splitlines())
    header = [name.strip() for name in reader.fieldnames or ()]
    unknown = set(header) - {"name", "id_number", "phone", *columns}
    if unknown or not {"name", "id_number"} <= set(header):
        fail(f"{file}: columns are name, id_number, phone, {', '.join(columns)}", fix="correct the first line")
    rows = [{name: (value or "").strip() for name, value in zip(header, row.values(), strict=False)} for row in reader]
    if not rows:
        fail(f"{file} holds no rows")
    return rows, hashlib.sha256(raw).hexdigest()


def _person(row: dict[str, str]) -> dict[str, str]:
    return {"name": row["name"], "id_number": row["id_number"], "phone": row.get("phone", "")}


def _minutes(row: dict[str, str], file: Path) -> int:
    text = row.get("minutes") or "0"
    if not text.isascii() or not text.isdigit():
        fail(f"{file}: minutes must be a whole number", fix="correct the column minutes")
    return int(text)


def _upload(
    file: Path,
    columns: Sequence[str],
    method: str,
    request: Callable[[Sequence[dict[str, str]], int, str], Any],
    *,
    about: str,
    first_sheet: int,
    json: bool,
) -> None:
    """Request ids derive from file and sheet number: what was sent before answers as before, the rest goes on."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from clients.cli.calls import ask
    from swtalent.registry.v1.training_service_pb2_grpc import TrainingServiceStub

    rows, digest = read(file, columns)
    requests = [
        request(part, number, f"{hashlib.sha256(about.encode()).hexdigest()[:12]}-{digest[:32]}-{number}")
        for number, part in enumerate(sheets_of(rows), first_sheet)
    ]
    done = []
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*shown, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(about, total=len(requests))
        for each in requests:
            answer = ask("registry", TrainingServiceStub, method, each, role="department_officer")
            done.append({"sheet": answer.sheet_id, "rows": len(each.rows), "etag": answer.etag})
            bar.advance(task)
    if json:
        print_json({"ok": True, "file": str(file), "rows": len(rows), "sheets": done})
    else:
        console.print(f"{len(rows)} rows in {len(done)} sheets are with the registry / 已上传 {len(rows)} 行")
