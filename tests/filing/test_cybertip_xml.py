"""What is written is what an independent, order-strict reading of the schema wants."""

from __future__ import annotations

import random
from xml.etree import ElementTree as ET

import msgspec
import pytest

from lamppost.core.errors import UsageError
from lamppost.reports.cybertip import schema as s
from lamppost.reports.cybertip.switches import Switches, applied, applied_to_file, load, table
from lamppost.reports.cybertip.write import document

from .cybertip_grammar import problems

ENTICEMENT = "Online Enticement of Children for Sexual Acts"


def full(**summary: object) -> s.Report:
    """An invented report with something in every part that a text-only case fills."""
    values = {
        "incident_type": ENTICEMENT, "platform": "Example Chat",
        "escalate_to_high_priority": "a meeting is being arranged",
        "report_annotations": s.ReportAnnotations(sextortion=True, instrumental_use=True),
        "incident_date_time": "2026-03-01T21:14:03Z",
        "incident_date_time_description": "first message that counts",
    }  # fmt: skip
    return s.Report(
        incident_summary=s.IncidentSummary(**(values | summary)),  # type: ignore[arg-type]
        internet_details=[
            s.InternetDetails(chat_im_incident=s.ChatImIncident(chat_client="Example Chat"))
        ],
        law_enforcement=s.LawEnforcement(agency_name="Example Police", flea_country="GB"),
        reporter=s.Reporter(
            reporting_person=s.Person(
                first_name="Lee", email=[s.Email(value="lee@example.org", type="Work")]
            ),
            legal_url="https://example.org/terms",
        ),
        person_or_user_reported=s.PersonOrUserReported(
            person_or_user_reported_person=s.Person(age=34),
            esp_identifier="a9",
            ip_capture_event=[s.IpCaptureEvent(ip_address="192.0.2.7", event_name="Login")],
            device_id=[s.DeviceId(id_type="cookie", id_value="x1")],
            prior_ct_reports=[1, 2],
            account_temporarily_disabled=s.AccountStopped(value=True),
            associated_account=[s.AssociatedAccount(account_type="Linked", third_party_user=True)],
        ),
        victim=[s.Victim(victim_person=s.Person(age=13), esp_identifier="kid1")],
        additional_info="Text only.",
    )


def test_a_full_report_is_in_order_and_shows_nothing_unconfirmed():
    text = document("report", applied(full(), load()))
    assert problems(text) == []
    for word in (b"fleaCountry", b"accountTemporarilyDisabled", b"instrumentalUse", b"thirdParty"):
        assert word not in text
    for words in (b"Text only.", b"temporarily disabled", b"agency named: GB", b"instrument."):
        assert words in text, "what is switched off is said in words"
    assert b"<sextortion />" in text


def test_the_validator_refuses_any_swap():
    """The validator itself can fail: two different neighbours exchanged are found."""
    text = document("report", applied(full(), load()))
    swapped = 0
    for seed in range(60):
        root = ET.fromstring(text)
        spots = [
            (at, n) for at in root.iter() for n in range(len(at) - 1) if at[n].tag != at[n + 1].tag
        ]
        at, n = random.Random(seed).choice(spots)
        if at.tag == "associatedAccount":
            continue
        at[n], at[n + 1] = at[n + 1], at[n]
        assert problems(ET.tostring(root)), (at.tag, n)
        swapped += 1
    assert swapped > 30


def test_a_switch_is_one_line():
    text = document("report", applied(full(), Switches(flea_country="lawEnforcement",
                                                       newer_annotations="on")))  # fmt: skip
    assert b'<lawEnforcement fleaCountry="GB">' in text
    assert b"<instrumentalUse />" in text
    assert set(table()) == set(Switches.__struct_fields__)
    assert load() == Switches(), "off by default"


def test_extortion_beside_another_type_is_said_in_words():
    made = applied(full(incident_type="Child Sex Trafficking"), load())
    assert made.incident_summary.report_annotations is None
    assert "sexual extortion" in (made.additional_info or "")


@pytest.mark.parametrize(
    "change",
    [
        {"incident_type": "Online Enticement of Children for Sexual Act"},
        {"incident_date_time": "2026-03-01T21:14:03"},
        {"escalate_to_high_priority": "  "},
        {"platform": "x" * 257},
    ],
)
def test_a_wrong_value_is_refused_with_its_place(change: dict[str, str]):
    with pytest.raises(UsageError, match=r"report: .*incidentSummary"):
        document("report", full(**change))


def test_file_details():
    made = s.FileDetails(
        report_id=7, file_id="ab", file_name="x", original_file_name="chat.csv",
        file_viewed_by_esp=False, file_relevance="Reported",
        original_file_hash=[
            s.OriginalFileHash(value="0", hash_type="MD5"),
            s.OriginalFileHash(value="1", hash_type="SHA256"),
        ],
        details=[s.Details(type="HASH", name_value_pair=[s.NameValuePair(name="n", value="v")])],
    )  # fmt: skip
    text = document("fileDetails", applied_to_file(made, load()))
    assert problems(text) == []
    assert b"fileViewedByEsp>false" in text
    assert b"SHA256" not in text
    with pytest.raises(ValueError, match="supplemental"):
        msgspec.structs.replace(
            made, file_relevance="Supplemental Reported", industry_classification="A1"
        )


def test_what_xml_cannot_carry_is_replaced():
    text = document("report", full(platform="a\x00b\x0bc"))
    assert "a\ufffdb\ufffdc".encode() in text
