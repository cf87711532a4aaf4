"""Every element of a CyberTipline report, its children in the order the schema wants them.

The order of fields IS the order on the wire: another order is refused with code 4100. Names on
the wire are the field names in camel case. Marks: `Attribute` becomes an XML attribute,
`Presence` an empty element when true; a list repeats its element.

Where public sources disagree the field stands here and `switches` decides whether it may be
sent. Lengths are in characters. Nothing here checks what makes sense, only what has the shape.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

ATTRIBUTE: Final = {"xml": "attribute"}
PRESENCE: Final = {"xml": "presence"}
TEXT: Final = {"xml": "text"}

Attribute = Meta(extra=ATTRIBUTE)
Presence = Annotated[bool, Meta(extra=PRESENCE)]
"""An empty element that is there or not."""
Body = Meta(extra=TEXT)
"""Text of the element itself, beside its attributes."""
Text20 = Annotated[str, Meta(max_length=20)]
Text64 = Annotated[str, Meta(max_length=64)]
Text100 = Annotated[str, Meta(max_length=100)]
Text255 = Annotated[str, Meta(max_length=255)]
Text256 = Annotated[str, Meta(max_length=256)]
Text300 = Annotated[str, Meta(max_length=300)]
Text2056 = Annotated[str, Meta(max_length=2056)]
Text2083 = Annotated[str, Meta(max_length=2083)]
Text3000 = Annotated[str, Meta(max_length=3000)]
Filled255 = Annotated[str, Meta(min_length=1, max_length=255)]
Reason = Annotated[str, Meta(min_length=1, max_length=3000, pattern=r"\S")]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")]
"""xs:dateTime with an offset."""
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""

INCIDENT_TYPES: Final[tuple[str, ...]] = (
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
)
"""The eight strings of the wire, exactly; the first one is the wire's word, not ours."""
IncidentType = Literal[
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
]
EventName = Literal["Login", "Registration", "Purchase", "Upload", "Other", "Unknown"]


class Element(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An element with children in order."""


class Phone(Element, frozen=True, kw_only=True):
    """A telephone number."""

    value: Annotated[str, Meta(max_length=50, extra=TEXT)]
    type: Annotated[
        Literal["Mobile", "Home", "Business", "Work", "Fax", "Internet", "Recovery"] | None,
        Attribute,
    ] = None
    verified: Annotated[bool | None, Attribute] = None
    verification_date: Annotated[Moment | None, Attribute] = None
    country_calling_code: Annotated[
        Annotated[str, Meta(pattern=r"^\+[0-9]{1,3}$")] | None, Attribute
    ] = None
    extension: Annotated[str | None, Attribute] = None


class Email(Element, frozen=True, kw_only=True):
    """An e-mail address."""

    value: Annotated[str, Meta(max_length=255, extra=TEXT)]
    type: Annotated[Literal["Home", "Work", "Business", "Recovery"] | None, Attribute] = None
    verified: Annotated[bool | None, Attribute] = None
    verification_date: Annotated[Moment | None, Attribute] = None


class Address(Element, frozen=True, kw_only=True):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    type: Annotated[
        Literal["Home", "Business", "Billing", "Shipping", "Technical"] | None, Attribute
    ] = None
    address: Text255 | None = None
    city: Text100 | None = None
    zip_code: Text20 | None = None
    state: str | None = None
    non_usa_state: Text100 | None = None
    country: Country | None = None


class ContactPerson(Element, frozen=True, kw_only=True):
    """Somebody to talk to."""

    first_name: Text100 | None = None
    last_name: Text100 | None = None
    phone: list[Phone] = []
    email: list[Email] = []
    address: list[Address] = []


class Person(Element, frozen=True, kw_only=True):
    """A person; `age` in years. `age_assertion_discrepancy`: the stated age seems wrong."""

    first_name: Text100 | None = None
    last_name: Text100 | None = None
    phone: list[Phone] = []
    email: list[Email] = []
    address: list[Address] = []
    age: Annotated[int, Meta(ge=0, le=150)] | None = None
    age_assertion_discrepancy: bool | None = None
    date_of_birth: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")] | None = None


class IpCaptureEvent(Element, frozen=True, kw_only=True):
    """An address somebody was seen at."""

    ip_address: str
    event_name: EventName | None = None
    date_time: Moment | None = None
    possible_proxy: bool | None = None
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None


class DeviceId(Element, frozen=True, kw_only=True):
    """A device somebody was seen with."""

    id_type: Text255
    id_value: Text2083
    event_name: EventName | None = None
    date_time: Moment | None = None


class EstimatedLocation(Element, frozen=True, kw_only=True):
    """Where an account seems to be; `region` is a state's abbreviation in the US."""

    verified: Annotated[bool | None, Attribute] = None
    timestamp: Annotated[Moment | None, Attribute] = None
    city: Text255 | None = None
    region: Text255 | None = None
    country_code: Country | None = None


class AccountStopped(Element, frozen=True, kw_only=True):
    """An account disabled; sent only when `switches` says so."""

    value: Annotated[bool, Meta(extra=TEXT)]
    disabled_date: Annotated[Moment | None, Attribute] = None


class AssociatedAccount(Element, frozen=True, kw_only=True):
    """Another account that belongs to somebody: a guardian's, a linked one."""

    account_type: Annotated[
        Literal["Billing", "Linked", "Business", "Creator", "Parent/Guardian", "Other"] | None,
        Attribute,
    ] = None
    third_party_user: Annotated[bool | None, Attribute] = None
    platform: str | None = None
    first_name: Text100 | None = None
    middle_name: Text100 | None = None
    last_name: Text100 | None = None
    approximate_age: Annotated[int, Meta(ge=0, le=150)] | None = None
    age_assertion_discrepancy: bool | None = None
    phone: list[Phone] = []
    email: list[Email] = []
    all_emails_reported: bool | None = None
    address: list[Address] = []
    esp_service: Text100 | None = None
    esp_identifier: Text255 | None = None
    profile_url: list[Text2083] = []
    screen_name: Text256 | None = None
    display_name: list[str] = []
    profile_bio: str | None = None
    group_identifier: Text255 | None = None
    ip_capture_event: list[IpCaptureEvent] = []
    device_id: list[DeviceId] = []
    additional_info: str | None = None


class PersonOrUserReported(Element, frozen=True, kw_only=True):
    """Whom the report is about."""

    person_or_user_reported_person: Person | None = None
    vehicle_description: Text300 | None = None
    esp_identifier: Text255 | None = None
    esp_service: Text100 | None = None
    compromised_account: bool | None = None
    screen_name: Text256 | None = None
    display_name: list[str] = []
    profile_url: list[Text2083] = []
    profile_bio: str | None = None
    ip_capture_event: list[IpCaptureEvent] = []
    device_id: list[DeviceId] = []
    third_party_user_reported: bool | None = None
    prior_ct_reports: list[int] = msgspec.field(default_factory=list, name="priorCTReports")
    group_identifier: Text255 | None = None
    account_temporarily_disabled: AccountStopped | None = None
    account_permanently_disabled: AccountStopped | None = None
    estimated_location: EstimatedLocation | None = None
    all_emails_reported: bool | None = None
    associated_account: list[AssociatedAccount] = []
    additional_info: str | None = None


class IntendedRecipient(Element, frozen=True, kw_only=True):
    """Somebody whom the messages were meant for."""

    intended_recipient_person: Person | None = None
    esp_identifier: Text255 | None = None
    esp_service: Text100 | None = None
    compromised_account: bool | None = None
    screen_name: Text256 | None = None
    display_name: list[str] = []
    profile_url: list[Text2083] = []
    profile_bio: str | None = None
    ip_capture_event: list[IpCaptureEvent] = []
    device_id: list[DeviceId] = []
    prior_ct_reports: list[int] = msgspec.field(default_factory=list, name="priorCTReports")
    group_identifier: Text255 | None = None
    estimated_location: EstimatedLocation | None = None
    all_emails_reported: bool | None = None
    additional_info: str | None = None


class Victim(Element, frozen=True, kw_only=True):
    """The child."""

    victim_person: Person
    esp_identifier: Text255 | None = None
    esp_service: Text100 | None = None
    compromised_account: bool | None = None
    screen_name: Text256 | None = None
    display_name: list[str] = []
    profile_url: list[Text2083] = []
    profile_bio: str | None = None
    ip_capture_event: list[IpCaptureEvent] = []
    device_id: list[DeviceId] = []
    school_name: Text255 | None = None
    prior_ct_reports: list[int] = msgspec.field(default_factory=list, name="priorCTReports")
    estimated_location: EstimatedLocation | None = None
    all_emails_reported: bool | None = None
    associated_account: list[AssociatedAccount] = []
    additional_info: str | None = None


class ReportAnnotations(Element, frozen=True, kw_only=True):
    """What kind of incident besides its type. The last two only when `switches` says so."""

    sextortion: Presence = False
    csam_solicitation: Presence = False
    minor_to_minor_interaction: Presence = False
    spam: Presence = False
    sadistic_online_exploitation: Presence = False
    informational: Presence = False
    potential_aggravating_factors: Presence = False
    instrumental_use: Presence = False


class IncidentSummary(Element, frozen=True, kw_only=True):
    """What happened and when. `escalate_to_high_priority` is a reason in words."""

    incident_type: IncidentType
    platform: Text256 | None = None
    escalate_to_high_priority: Reason | None = None
    report_annotations: ReportAnnotations | None = None
    incident_date_time: Moment
    incident_date_time_description: Text3000 | None = None


class WebPageIncident(Element, frozen=True, kw_only=True):
    """On a web page."""

    third_party_hosted_content: Annotated[bool | None, Attribute] = None
    url: list[Text2083] = []
    additional_info: str | None = None


class EmailIncident(Element, frozen=True, kw_only=True):
    """By e-mail."""

    email_address: list[Email] = []
    content: str | None = None
    additional_info: str | None = None


class NewsgroupIncident(Element, frozen=True, kw_only=True):
    """In a newsgroup."""

    name: Text255 | None = None
    email_address: list[Email] = []
    content: str | None = None
    additional_info: str | None = None


class ChatImIncident(Element, frozen=True, kw_only=True):
    """In a chat."""

    chat_client: Text255 | None = None
    chat_room_name: Text255 | None = None
    content: str | None = None
    additional_info: str | None = None


class OnlineGamingIncident(Element, frozen=True, kw_only=True):
    """In a game."""

    game_name: Text255 | None = None
    console: Text255 | None = None
    content: str | None = None
    additional_info: str | None = None


class CellPhoneIncident(Element, frozen=True, kw_only=True):
    """By telephone."""

    phone_number: Phone | None = None
    latitude: float | None = None
    longitude: float | None = None
    additional_info: str | None = None


class NonInternetIncident(Element, frozen=True, kw_only=True):
    """Not on the internet."""

    location_name: Text255 | None = None
    incident_address: list[Address] = []
    additional_info: str | None = None


class Peer2peerIncident(Element, frozen=True, kw_only=True):
    """From peer to peer."""

    client: Text255 | None = None
    ip_capture_event: list[IpCaptureEvent] = []
    file_names: str | None = None
    additional_info: str | None = None


class InternetDetails(Element, frozen=True, kw_only=True):
    """Where it happened: exactly one of these."""

    web_page_incident: WebPageIncident | None = None
    email_incident: EmailIncident | None = None
    newsgroup_incident: NewsgroupIncident | None = None
    chat_im_incident: ChatImIncident | None = None
    online_gaming_incident: OnlineGamingIncident | None = None
    cell_phone_incident: CellPhoneIncident | None = None
    non_internet_incident: NonInternetIncident | None = None
    peer2peer_incident: Peer2peerIncident | None = None

    def __post_init__(self) -> None:
        """Exactly one."""
        values = [getattr(self, name) for name in self.__struct_fields__]
        if sum(value is not None for value in values) != 1:
            raise ValueError("internetDetails holds exactly one kind of incident")


class LegalProcess(Element, frozen=True, kw_only=True):
    """Legal process that was served."""

    value: Annotated[bool, Meta(extra=TEXT)]
    flea_country: Annotated[Country | None, Attribute] = None


class LawEnforcement(Element, frozen=True, kw_only=True):
    """An agency that works on it already."""

    flea_country: Annotated[Country | None, Attribute] = None
    agency_name: Filled255
    case_number: Text100 | None = None
    officer_contact: ContactPerson | None = None
    reported_to_le: bool | None = None
    served_legal_process_domestic: bool | None = None
    served_legal_process_international: LegalProcess | None = None


class Reporter(Element, frozen=True, kw_only=True):
    """Who reports."""

    reporting_person: Person
    contact_person: ContactPerson | None = None
    company_template: str | None = None
    terms_of_service: str | None = None
    legal_url: Text2083 | None = msgspec.field(default=None, name="legalURL")


class BatchedReport(Element, frozen=True, kw_only=True):
    """A report about many copies."""

    reason: Annotated[Literal["VIRAL_POTENTIAL_MEME"] | None, Attribute] = None


class Report(Element, frozen=True, kw_only=True):
    """The root, `<report>`."""

    batched_report: BatchedReport | None = None
    incident_summary: IncidentSummary
    internet_details: list[InternetDetails] = []
    law_enforcement: LawEnforcement | None = None
    reporter: Reporter
    person_or_user_reported: PersonOrUserReported | None = None
    intended_recipient: list[IntendedRecipient] = []
    victim: list[Victim] = []
    additional_info: str | None = None


class FileAnnotations(Element, frozen=True, kw_only=True):
    """What a file shows, as a person judged it."""

    anime_drawing_virtual_hentai: Presence = False
    potential_meme: Presence = False
    viral: Presence = False
    possible_self_production: Presence = False
    physical_harm: Presence = False
    violence_gore: Presence = False
    bestiality: Presence = False
    live_streaming: Presence = False
    infant: Presence = False
    generative_ai: Presence = False


class OriginalFileHash(Element, frozen=True, kw_only=True):
    """A hash of the file as it was."""

    value: Annotated[str, Meta(extra=TEXT)]
    hash_type: Annotated[Text64, Attribute]


class NameValuePair(Element, frozen=True, kw_only=True):
    """A name with its value."""

    type: Annotated[Literal["EXIF", "HASH"] | None, Attribute] = None
    name: Text64
    value: str


class Details(Element, frozen=True, kw_only=True):
    """What is known of a file."""

    type: Annotated[Literal["EXIF", "HASH"] | None, Attribute] = None
    name_value_pair: list[NameValuePair] = []


class FileDetails(Element, frozen=True, kw_only=True):
    """The root, `<fileDetails>`: what was uploaded.

    `file_viewed_by_esp` is true only if a person viewed the whole file.
    """

    report_id: int
    file_id: str
    file_name: Text2056 | None = None
    original_file_name: Text2056 | None = None
    uploaded_to_esp_timestamp: Moment | None = None
    location_of_file: Text2083 | None = None
    file_viewed_by_esp: bool | None = None
    exif_viewed_by_esp: bool | None = None
    publicly_available: bool | None = None
    file_relevance: Literal["Reported", "Supplemental Reported"] | None = None
    file_annotations: FileAnnotations | None = None
    industry_classification: Literal["A1", "A2", "B1", "B2"] | None = None
    original_file_hash: list[OriginalFileHash] = []
    ip_capture_event: IpCaptureEvent | None = None
    device_id: list[DeviceId] = []
    details: list[Details] = []
    additional_info: list[str] = []

    def __post_init__(self) -> None:
        """NCMEC refuses this at /finish."""
        meme = self.file_annotations is not None and self.file_annotations.potential_meme
        if self.file_relevance == "Supplemental Reported" and (
            self.industry_classification is not None or meme
        ):
            raise ValueError(
                "a supplemental file carries no industryClassification, no potentialMeme"
            )


def checked(element: Element) -> Any:
    """The element with every limit checked. Raises `msgspec.ValidationError` with its path."""
    return msgspec.convert(msgspec.to_builtins(element), type(element))
