"""Records of a department as the SDK's builders take them, right in themselves. Fictitious people only: area 519999."""

A_USCC = "52519999MJQ0000019"
AN_ID_NUMBER = "519999199001011239"


def a_talent_record(record_id="CD-000001", **other):
    return {
        "record_id": record_id,
        "name": "张三",
        "id_number": AN_ID_NUMBER,
        "phone": "13800000000",
        "as_of": "2020-12-31",
        "home_county": "510104",
        "organisation": A_USCC,
        "role": "worker",
        "field": "elderly_care",
        "place": "510104",
        "full_time": True,
        "practitioner": True,
        "principal": True,
        "since": "2018-03-01",
        **other,
    }


def without(record, *names):
    return {name: value for name, value in record.items() if name not in names}
