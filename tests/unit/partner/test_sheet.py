"""A file is checked as a whole; each fault is named by line, column and code."""

import pytest

from clients.partner import records
from clients.partner.sheet import SheetUnreadable, rows
from tests.builders.partner import a_talent_record, without

HEADER = tuple(a_talent_record())


def a_file(tmp_path, *lines, header=HEADER, encoding="utf-8", end="\n"):
    path = tmp_path / "talents.csv"
    cells = [",".join(header), *(",".join(str(value) for value in line) for line in lines)]
    path.write_bytes((end.join(cells) + end).encode(encoding))
    return path


def a_line(**other):
    return a_talent_record(**other).values()


def faults(path):
    return [(f.line, f.column, f.field, f.code) for row in rows(path, records.TALENT) for f in row.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_come_as_the_builder_takes_them(tmp_path, encoding, end):
    path = a_file(tmp_path, a_line(), a_line(record_id="CD-000002", full_time="否"), encoding=encoding, end=end)

    first, second = rows(path, records.TALENT)

    assert (first.line, first.fields, first.faults) == (2, a_talent_record(), [])
    assert second.fields == a_talent_record("CD-000002", full_time=False)


def test_each_fault_names_line_and_column(tmp_path):
    path = a_file(
        tmp_path,
        a_line(),
        a_line(record_id="CD-000002", since="2018-13-01"),
        a_line(record_id="CD-000003", full_time="maybe", role=""),
    )
    columns = {name: number for number, name in enumerate(a_talent_record(), 1)}

    assert faults(path) == [
        (3, columns["since"], "since", "DATE_INVALID"),
        (4, columns["full_time"], "full_time", "VALUE_INVALID"),
        (4, columns["role"], "role", "FIELD_MISSING"),
    ]


def test_a_missing_column_is_a_fault_of_every_row(tmp_path):
    record = without(a_talent_record(), "role")

    assert faults(a_file(tmp_path, record.values(), header=tuple(record))) == [(2, 0, "role", "FIELD_MISSING")]


def test_an_unknown_or_repeated_column_stops_at_the_header(tmp_path):
    path = a_file(tmp_path, a_line(), header=("record_id", "姓名", "record_id", *tuple(a_talent_record())[3:]))

    assert faults(path) == [(1, 2, "姓名", "COLUMN_UNKNOWN"), (1, 3, "record_id", "COLUMN_UNKNOWN")]


def test_more_cells_than_columns_are_a_fault(tmp_path):
    assert [code for *_, code in faults(a_file(tmp_path, [*a_line(), "x"]))] == ["COLUMN_UNKNOWN"]


def test_one_record_id_with_two_contents_is_a_fault_a_repeated_row_is_none(tmp_path):
    path = a_file(tmp_path, a_line(), a_line(), a_line(role="manager"))

    assert faults(path) == [(4, 1, "record_id", "REVISION_REUSED")]


def test_lines_are_those_of_the_file_also_after_empty_lines_and_cells_of_two_lines(tmp_path):
    path = a_file(tmp_path, a_line(role='"wor\nker"'), [], a_line(record_id="CD-000002", since="x"))

    assert [line for line, *_ in faults(path)] == [5]


def test_numbers_are_plain_digits(tmp_path):
    header = (*a_talent_record(), "pay_year", "pay_fen")
    path = a_file(tmp_path, [*a_line(), "2020", "4_500_000"], header=header)

    assert [(field, code) for _, _, field, code in faults(path)] == [("pay_fen", "VALUE_INVALID")]


def test_what_is_no_csv_file_is_said_in_one_line(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    broken = a_file(tmp_path, ['"never closed'])

    for path, says in ((empty, "must name the columns"), (broken, "line"), (tmp_path / "none.csv", "cannot be read")):
        with pytest.raises(SheetUnreadable, match=says):
            list(rows(path, records.TALENT))
