"""Every command explains itself; exit code 0 only when all is well; what is wrong is said with its remedy."""

import json
import socket
from concurrent import futures

import grpc
import pytest
import typer
from google.protobuf.any_pb2 import Any
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from typer.testing import CliRunner

from clients.cli.__main__ import app
from clients.cli.partner import Type
from clients.partner.builders import BUILDERS, Builders
from swtalent.evaluation.v1 import evaluation_service_pb2 as evaluation
from swtalent.evaluation.v1 import evaluation_service_pb2_grpc
from tests.builders.partner import a_talent_record

ENVIRONMENT = {"SWTALENT_TOKEN": "a token", "COLUMNS": "200", "TERM": "dumb", "SWTALENT_NEIGHBOUR_TLS_CA": ""}


def run(*arguments, **environment):
    return CliRunner().invoke(app, arguments, env={**ENVIRONMENT, **environment})


def leaves(command, path=()):
    if isinstance(command, typer.main.TyperGroup):
        for name, child in command.commands.items():
            yield from leaves(child, (*path, name))
    else:
        yield path, command


COMMANDS = dict(leaves(typer.main.get_command(app)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_json(path):
    shown = run(*path, "--help")

    assert shown.exit_code == 0
    assert COMMANDS[path].help
    assert any("--json" in parameter.opts for parameter in COMMANDS[path].params)


def test_every_record_type_can_be_published_from_a_file():
    assert {type_.value for type_ in Type} == set(BUILDERS)
    assert all(hasattr(Builders, build.__name__) for build, _ in BUILDERS.values())


# ---- partner publish ------------------------------------------------------------------------------------------------


def a_file(tmp_path, *records):
    path = tmp_path / "talents.csv"
    lines = [",".join(map(str, record.values())) for record in records]
    path.write_text("\n".join([",".join(a_talent_record()), *lines]), encoding="utf-8")
    return str(path)


def publish(path, *more):
    return run("partner", "publish", path, "--partner", "health", "--type", "TalentRecord", *more)


def test_a_dry_run_checks_and_sends_nothing(tmp_path):
    answer = publish(a_file(tmp_path, a_talent_record()), "--dry-run")

    assert answer.exit_code == 0
    assert "1 rows are well-formed; nothing was sent" in answer.output


def test_a_faulty_row_is_named_in_both_languages_and_nothing_is_sent(tmp_path):
    path = a_file(tmp_path, a_talent_record(), a_talent_record("CD-000002", since="2018-02-30"))

    answer = publish(path)

    column = list(a_talent_record()).index("since") + 1
    assert answer.exit_code == 1
    assert f"{path}:3:{column} since: DATE_INVALID 日期应为有效的 YYYY-MM-DD / a date is" in answer.stderr
    assert "nothing was sent" in answer.stderr


def test_faults_as_json(tmp_path):
    path = a_file(tmp_path, a_talent_record(role=""))

    answer = publish(path, "--json")

    column = list(a_talent_record()).index("role") + 1
    assert answer.exit_code == 1
    assert json.loads(answer.stdout) == {
        "ok": False,
        "file": path,
        "rows": 1,
        "sent": 0,
        "dry_run": False,
        "faults": [
            {
                "line": 2,
                "column": column,
                "field": "role",
                "code": "FIELD_MISSING",
                "zh": "缺少必填字段，请补充",
                "en": "a required field is missing: fill it in",
            }
        ],
        "not_delivered": None,
    }


def test_without_the_platform_s_key_nothing_is_sent(tmp_path):
    answer = publish(a_file(tmp_path, a_talent_record()), "--key", str(tmp_path / "none.pub"))

    assert answer.exit_code == 1
    assert "none.pub cannot be read" in answer.stderr


def test_what_is_no_csv_file_is_said_with_the_remedy(tmp_path):
    answer = publish(str(tmp_path / "none.csv"))

    assert answer.exit_code == 1
    assert "cannot be read" in answer.stderr
    assert "→ save it as CSV" in answer.stderr


def test_personal_data_of_a_faulty_row_is_not_repeated(tmp_path):
    answer = publish(a_file(tmp_path, a_talent_record(id_number="519999199001011238")))

    assert "ID_NUMBER_INVALID" in answer.stderr
    assert "519999199001011238" not in answer.output


# ---- indicators -----------------------------------------------------------------------------------------------------


class Evaluation(evaluation_service_pb2_grpc.EvaluationServiceServicer):
    def ListIndicators(self, request, context):
        if ("authorization", "Bearer a token") not in context.invocation_metadata():
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
        if request.area == "999999":
            info = Any()
            info.Pack(
                error_details_pb2.ErrorInfo(
                    reason="AREA_UNKNOWN",
                    domain="swtalent",
                    metadata={
                        "field": "area",
                        "zh": "行政区划代码不存在",
                        "en": "No such area code",
                        "fix_zh": "请核对",
                    },
                )
            )
            status = status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message="no", details=[info])
            context.abort_with_status(rpc_status.to_status(status))
        values = [
            evaluation.IndicatorValue(
                number="9",
                name_zh="持证率",
                area=request.area,
                month=request.month or "2025-12",
                value="18.67",
                numerator=28000,
                denominator=149973,
                has_denominator=True,
                unit="%",
                target="30",
                nature="expected",
            ),
            evaluation.IndicatorValue(number="10", area=request.area, month="2025-12", reason="NO_DATA_YET"),
        ]
        if request.with_companions:
            values.append(evaluation.IndicatorValue(number="S1", area=request.area, month="2025-12", value="0"))
        return evaluation.ListIndicatorsResponse(indicators=values)


@pytest.fixture(scope="module")
def evaluation_address():
    server = grpc.server(futures.ThreadPoolExecutor(2))
    evaluation_service_pb2_grpc.add_EvaluationServiceServicer_to_server(Evaluation(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def test_indicators_as_json_say_what_there_is_and_why_there_is_not(evaluation_address):
    answer = run(
        *("indicators", "--json", "--area", "510100", "--month", "2020-12"),
        SWTALENT_EVALUATION_ADDRESS=evaluation_address,
    )

    assert answer.exit_code == 0, answer.output
    first, second = json.loads(answer.stdout)
    assert {name: first[name] for name in ("number", "area", "month", "value", "numerator", "denominator")} == {
        "number": "9",
        "area": "510100",
        "month": "2020-12",
        "value": "18.67",
        "numerator": 28000,
        "denominator": 149973,
    }
    assert (first["target"], first["unit"], first["reason"]) == ("30", "%", None)
    assert (second["value"], second["denominator"], second["reason"]) == (None, None, "NO_DATA_YET")


def test_indicators_as_a_table_with_companions(evaluation_address):
    answer = run("indicators", "--companions", SWTALENT_EVALUATION_ADDRESS=evaluation_address)

    assert answer.exit_code == 0
    assert "28,000" in answer.output
    assert "NO_DATA_YET" in answer.output
    assert "S1" in answer.output


def test_a_refusal_is_shown_by_code_field_and_next_step(evaluation_address):
    answer = run("indicators", "--area", "999999", SWTALENT_EVALUATION_ADDRESS=evaluation_address)

    assert answer.exit_code == 1
    assert "AREA_UNKNOWN (area): 行政区划代码不存在 / No such area code" in answer.stderr
    assert "→ 请核对" in answer.stderr


def test_a_wrong_token_is_said(evaluation_address):
    answer = run("indicators", SWTALENT_EVALUATION_ADDRESS=evaluation_address, SWTALENT_TOKEN="other")

    assert answer.exit_code == 1
    assert "UNAUTHENTICATED" in answer.stderr


def test_a_service_that_is_away_is_said_with_its_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"

    answer = run("indicators", SWTALENT_EVALUATION_ADDRESS=address)

    assert answer.exit_code == 1
    assert f"evaluation does not answer at {address}" in answer.stderr
    assert "→ make up" in answer.stderr


# ---- the rest -------------------------------------------------------------------------------------------------------


def test_the_doctor_lists_every_check_with_its_remedy():
    answer = run("doctor", "--json", SWTALENT_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")

    findings = {finding["check"]: finding for finding in json.loads(answer.stdout)}
    assert {"Python", "Java", "Kafka", "disk", "keys", "broker", "registry", "evaluation"} <= set(findings)
    assert findings["broker"] == {
        "check": "broker",
        "ok": False,
        "what": "127.0.0.1:1",
        "fix": "make up",
        "needed": False,
    }
    assert answer.exit_code == int(any(one["needed"] and not one["ok"] for one in findings.values()))


def test_the_doctor_names_a_key_that_others_may_read(tmp_path):
    (tmp_path / "kek.key").write_text("")
    (tmp_path / "kek.key").chmod(0o644)

    answer = run("doctor", SWTALENT_KEYS_DIR=str(tmp_path))

    assert answer.exit_code == 1
    assert f"chmod 600 {tmp_path}/kek.key" in "".join(answer.output.split("\n"))


def test_topics_say_when_there_is_no_kafka():
    answer = run("topics", "apply", SWTALENT_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")

    assert answer.exit_code == 1
    assert "127.0.0.1:1" in answer.stderr


def test_keys_are_made_once_and_then_shown(tmp_path, capfd):
    made = run("keys", "init", "--json", SWTALENT_KEYS_DIR=str(tmp_path / "keys"))
    first = json.loads(capfd.readouterr().out)
    shown = run("keys", "show", "--json", SWTALENT_KEYS_DIR=str(tmp_path / "keys"))
    second = json.loads(capfd.readouterr().out)

    assert (made.exit_code, shown.exit_code) == (0, 0)
    assert first["keys"] == second["keys"]
    assert (len(first["made"]), second["made"]) == (len(first["keys"]), [])


def test_a_key_is_rotated_by_its_purpose(tmp_path, capfd):
    run("keys", "init", "--json", SWTALENT_KEYS_DIR=str(tmp_path))
    before = json.loads(capfd.readouterr().out)["keys"]["seal"]

    assert run("keys", "rotate", "seal", "--json", SWTALENT_KEYS_DIR=str(tmp_path)).exit_code == 0

    assert json.loads(capfd.readouterr().out)["keys"]["seal"] != before
    assert (tmp_path / f"seal.{before}.key").exists()


def test_a_failing_program_s_exit_code_is_the_command_s(tmp_path, capfd):
    assert run("keys", "show", SWTALENT_KEYS_DIR=str(tmp_path)).exit_code == 1
    assert "swtalent keys init" in capfd.readouterr().err
