"""`swtalent partner`: a department sends its records and reads what was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clients.cli import config
from clients.cli.answer import FAILED, Json, console, errors, fail, print_json, print_table

if TYPE_CHECKING:
    from clients.partner import NotDelivered
    from clients.partner.sheet import RowFault

app = typer.Typer(no_args_is_help=True, help="Send a department's records, read refusals / 部门报送")

_MOST_SHOWN = 200


class Type(StrEnum):
    """The record types of partner/v1."""

    TALENT = "TalentRecord"
    AFFILIATION_END = "AffiliationEndRecord"
    PASSED = "PassRecord"
    DESIGNATION = "DesignationRecord"
    PAY = "PayRecord"
    ORGANISATION = "OrganisationRecord"
    POST = "PostRecord"
    COMMUNITY = "CommunityRecord"
    APPROPRIATION = "AppropriationRecord"
    REVIEW = "ReviewRecord"
    ANNULMENT = "AnnulmentRecord"
    REGISTRATION_APPLICATION = "RegistrationApplicationRecord"
    REGISTRATION_DECISION = "RegistrationDecisionRecord"
    REGISTRATION_END = "RegistrationEndRecord"
    EDUCATION = "EducationRecord"
    EDUCATION_REVERSAL = "EducationReversalRecord"
    ACCREDITATION = "AccreditationRecord"
    RESIDENTS = "ResidentsRecord"
    FOUNDER = "FounderRecord"
    PARTY_ARRANGEMENT = "PartyArrangementRecord"
    ORGANISATION_CREDIT = "OrganisationCreditRecord"
    ENROLMENT = "EnrolmentRecord"
    ROSTER = "RosterRecord"
    DEPARTURE = "DepartureRecord"
    DESIGNATION_END = "DesignationEndRecord"
    PARTY_MEMBERSHIP = "PartyMembershipRecord"
    HONOUR = "HonourRecord"
    CREDIT_EVENT = "CreditEventRecord"
    SNAPSHOT = "SnapshotRecord"
    WITHDRAWAL = "WithdrawalRecord"
    TRAINING_SESSION = "TrainingSessionRecord"
    ATTENDANCE_REVERSAL = "AttendanceReversalRecord"
    GRADUATE_COHORT = "GraduateCohortRecord"


Partner = Annotated[str, typer.Option(help="Registered partner, as civil_affairs-510100 / 接入方")]
BootstrapServers = Annotated[str, typer.Option(help="host:port,… ; SWTALENT_KAFKA_BOOTSTRAP_SERVERS unless given")]


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="CSV whose columns are named after the fields / CSV 文件")],
    partner: Partner,
    type: Annotated[Type, typer.Option(help="Record type of the rows / 记录类型")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only, send nothing / 只检查不发送")] = False,
    key: Annotated[
        Path | None, typer.Option(help="Platform's public key file; <keys dir>/seal.pub unless given")
    ] = None,
    bootstrap_servers: BootstrapServers = "",
    json: Json = False,
) -> None:
    """Check the whole file, then seal and send every row; with a faulty row nothing is sent / 校验并报送."""
    from clients.partner import NotDelivered, PlatformKeyError

    count, faults = _check(file, type)
    sent = 0
    trouble: NotDelivered | None = None
    if not faults and not dry_run:
        try:
            asyncio.run(_send(file, type, partner, key or config.keys_dir() / "seal.pub", bootstrap_servers, count))
            sent = count
        except PlatformKeyError as error:
            fail(str(error), fix="ask the platform for its public key and name the file with --key")
        except NotDelivered as error:
            trouble = error
    _report(file, count, faults, sent=sent, dry_run=dry_run, trouble=trouble, json=json)
    if faults or trouble:
        raise typer.Exit(FAILED)


def _check(file: Path, type_: Type) -> tuple[int, list[RowFault]]:
    """How many rows there are, and every fault."""
    from clients.partner.sheet import SheetUnreadable

    count, faults = 0, []
    try:
        for row in _rows(file, type_):
            count += bool(row.fields)
            faults += row.faults
    except SheetUnreadable as error:
        fail(str(error), fix="save it as CSV (UTF-8 or GB 18030) with the field names in the first line")
    return count, faults


def _rows(file: Path, type_: Type) -> Iterator[Any]:
    from clients.partner.builders import BUILDERS
    from clients.partner.sheet import rows

    return rows(file, BUILDERS[type_][1])


async def _send(file: Path, type_: Type, partner: str, key: Path, bootstrap_servers: str, count: int) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from clients.partner import Publisher
    from clients.partner.builders import BUILDERS

    build = BUILDERS[type_][0]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(partner, total=count)
        async with Publisher(
            partner,
            platform_public_key=key,
            bootstrap_servers=bootstrap_servers or config.bootstrap_servers(),
            deployment=config.deployment(),
            progress=lambda now: bar.update(task, completed=now.held),
        ) as publisher:
            for row in _rows(file, type_):
                await build(publisher, **row.fields)


def _report(
    file: Path,
    count: int,
    faults: list[RowFault],
    *,
    sent: int,
    dry_run: bool,
    trouble: NotDelivered | None,
    json: bool,
) -> None:
    if json:
        print_json(
            {
                "ok": not faults and trouble is None,
                "file": str(file),
                "rows": count,
                "sent": sent,
                "dry_run": dry_run,
                "faults": [{**fault._asdict(), "zh": fault.zh, "en": fault.en} for fault in faults],
                "not_delivered": str(trouble) if trouble else None,
            }
        )
        return
    for fault in faults[:_MOST_SHOWN]:
        place = f"{file}:{fault.line}:{fault.column}" if fault.column else f"{file}:{fault.line}"
        errors.print(f"{place} {fault.field}: {fault.code} {fault.zh} / {fault.en}", markup=False, soft_wrap=True)
    if len(faults) > _MOST_SHOWN:
        errors.print(f"… {len(faults) - _MOST_SHOWN} more; all of them with --json")
    if faults:
        errors.print(f"{len(faults)} faults in {count} rows; nothing was sent / 共 {len(faults)} 处问题，未报送")
    elif trouble:
        errors.print(f"{trouble}. Sending the file again is safe / 可重新报送，平台会识别重复", soft_wrap=True)
    elif dry_run:
        console.print(f"{count} rows are well-formed; nothing was sent / {count} 行校验通过，未报送")
    else:
        console.print(
            f"{sent} records are with the platform; see what it refuses: swtalent partner rejections / 已送达 {sent} 条"
        )


@app.command()
def rejections(
    partner: Partner,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for new ones / 持续等待")] = False,
    bootstrap_servers: BootstrapServers = "",
    json: Json = False,
) -> None:
    """What the platform refused of this partner's records, each with its code and the next step / 退回记录.

    With --follow and --json: one object per line.
    """
    from clients.partner import TopicUnreachable

    try:
        asyncio.run(
            _show_rejections(partner, bootstrap_servers or config.bootstrap_servers(), follow=follow, json=json)
        )
    except TopicUnreachable as error:
        fail(str(error), fix="check --partner and SWTALENT_KAFKA_BOOTSTRAP_SERVERS")
    except KeyboardInterrupt:
        raise typer.Exit from None


async def _show_rejections(partner: str, bootstrap_servers: str, *, follow: bool, json: bool) -> None:
    import json as as_json

    from clients.partner import rejections as read

    found = []
    async for refusal in read(partner, bootstrap_servers=bootstrap_servers, follow=follow):
        one = _object(refusal)
        if not follow:
            found.append(one)
        elif json:
            typer.echo(as_json.dumps(one, ensure_ascii=False))
        else:
            place = f"{one['record_type']} {one['record_id']}"
            said = f"{one['reason']} {one['field']}: {one['explanation_zh']} / {one['explanation_en']}"
            console.print(f"{one['refused_at']} {place} {said}", markup=False, soft_wrap=True)
    if follow:
        return
    if json:
        print_json(found)
        return
    print_table(
        ["refused at", "type", "record", "code", "field", "why / 原因", "next step / 处理办法"],
        [
            (
                one["refused_at"],
                one["record_type"],
                one["record_id"],
                one["reason"],
                one["field"],
                f"{one['explanation_zh']} {one['explanation_en']}",
                f"{one['next_step_zh']} {one['next_step_en']}",
            )
            for one in found
        ],
    )


def _object(refusal: Any) -> dict[str, Any]:
    fields = (field.name for field in refusal.DESCRIPTOR.fields if field.name not in {"sha256", "metadata"})
    return {
        **{name: getattr(refusal, name) for name in fields},
        "sha256": refusal.sha256.hex(),
        "metadata": dict(refusal.metadata),
    }
