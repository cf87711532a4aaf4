"""An order-strict validator of CyberTipline documents, for tests; it knows nothing of the writer.

The grammar is written down from public facts about the schema: children in order, `?` at most
one, `*` any number. It is not NCMEC's own schema, which only `GET /xsd` gives.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

ACCOUNT = (
    "espIdentifier? espService? compromisedAccount? screenName? displayName* profileUrl* "
    "profileBio? ipCaptureEvent* deviceId*"
)
PERSON = "firstName? lastName? phone* email* address* age? ageAssertionDiscrepancy? dateOfBirth?"
GRAMMAR = {
    "report": (
        "batchedReport? incidentSummary internetDetails* lawEnforcement? reporter "
        "personOrUserReported? intendedRecipient* victim* additionalInfo?"
    ),
    "incidentSummary": (
        "incidentType platform? escalateToHighPriority? reportAnnotations? incidentDateTime "
        "incidentDateTimeDescription?"
    ),
    "reportAnnotations": (
        "sextortion? csamSolicitation? minorToMinorInteraction? spam? "
        "sadisticOnlineExploitation? informational?"
    ),
    "chatImIncident": "chatClient? chatRoomName? content? additionalInfo?",
    "onlineGamingIncident": "gameName? console? content? additionalInfo?",
    "lawEnforcement": (
        "agencyName caseNumber? officerContact? reportedToLe? servedLegalProcessDomestic? "
        "servedLegalProcessInternational?"
    ),
    "reporter": "reportingPerson contactPerson? companyTemplate? termsOfService? legalURL?",
    "reportingPerson": PERSON,
    "victimPerson": PERSON,
    "personOrUserReportedPerson": PERSON,
    "contactPerson": "firstName? lastName? phone* email* address*",
    "personOrUserReported": (
        "personOrUserReportedPerson? vehicleDescription? " + ACCOUNT + " thirdPartyUserReported? "
        "priorCTReports* groupIdentifier? estimatedLocation? allEmailsReported? "
        "associatedAccount* additionalInfo?"
    ),
    "victim": (
        "victimPerson " + ACCOUNT + " schoolName? priorCTReports* estimatedLocation? "
        "allEmailsReported? associatedAccount* additionalInfo?"
    ),
    "ipCaptureEvent": "ipAddress eventName? dateTime? possibleProxy? port?",
    "deviceId": "idType idValue eventName? dateTime?",
    "estimatedLocation": "city? region? countryCode?",
    "fileDetails": (
        "reportId fileId originalFileName? uploadedToEspTimestamp? locationOfFile? "
        "fileViewedByEsp? exifViewedByEsp? publiclyAvailable? fileRelevance? fileAnnotations? "
        "industryClassification? originalFileHash* ipCaptureEvent? deviceId* details* "
        "additionalInfo*"
    ),
}
TYPES = {
    "Child Pornography (possession, manufacture, and distribution)", "Child Sex Trafficking",
    "Child Sex Tourism", "Child Sexual Molestation", "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
}  # fmt: skip
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def problems(document: bytes) -> list[str]:
    """What is wrong with a document; empty when nothing is."""
    return list(_problems(ET.fromstring(document), ""))


def _problems(at: ET.Element, path: str):
    here = f"{path}/{at.tag}"
    if at.tag in GRAMMAR:
        wanted = "".join(
            f"(?:<{part.rstrip('?*')}>){part[-1] if part[-1] in '?*' else ''}"
            for part in GRAMMAR[at.tag].split()
        )
        found = "".join(f"<{child.tag}>" for child in at)
        if not re.fullmatch(wanted, found):
            yield f"{here}: children {found}"
    if at.tag == "internetDetails" and len(at) != 1:
        yield f"{here}: exactly one kind is wanted"
    if at.tag == "incidentType" and at.text not in TYPES:
        yield f"{here}: {at.text}"
    if at.tag in ("incidentDateTime", "dateTime") and not MOMENT.fullmatch(at.text or ""):
        yield f"{here}: {at.text}"
    for child in at:
        yield from _problems(child, here)
