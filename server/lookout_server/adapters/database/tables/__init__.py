"""The schema: one for SQLite and PostgreSQL. Changing anything here needs a migration; a test compares the two."""

from lookout_server.adapters.database.tables.accounts import AuditRow, CareViewRow, FactorRow, RecoveryCodeRow
from lookout_server.adapters.database.tables.alarms import AlarmEvidenceRow, AlarmRow, SilenceRow
from lookout_server.adapters.database.tables.arrivals import EventRow, EvidenceRow, LedgerRow, QuarantineRow, StreamRow
from lookout_server.adapters.database.tables.boxes import (
    CameraProofRow,
    CameraRow,
    CertificateRow,
    CommandRow,
    EnrolmentRow,
    GatewayRow,
)
from lookout_server.adapters.database.tables.cases import (
    CaseAlarmRow,
    CaseEvidenceRow,
    CaseHistoryRow,
    CaseRow,
    DeadlineRow,
    WhistleRow,
)
from lookout_server.adapters.database.tables.columns import (
    NAMING,
    Base,
    Hash,
    Id,
    Json,
    JsonText,
    Name,
    RowId,
    SourceName,
    UtcDateTime,
)
from lookout_server.adapters.database.tables.lists import ListItemRow
from lookout_server.adapters.database.tables.outgoing import (
    CounterRow,
    FeedRow,
    OutboxRow,
    WebhookRow,
    WebhookSetAsideRow,
)
from lookout_server.adapters.database.tables.people import (
    ContactRow,
    DeliveryRow,
    HandOverRow,
    NoticeRow,
    PersonGridRow,
    PersonRow,
    PositionRow,
    SessionRow,
    ShiftRow,
    TerritoryRow,
)
from lookout_server.adapters.database.tables.plans import PlanRow, StandingRow
from lookout_server.adapters.database.tables.policies import PolicyRow
from lookout_server.adapters.database.tables.requests import RequestRow, SavedViewRow
from lookout_server.adapters.database.tables.rounds import DiaryRow, InspectionReportRow, InspectionRow, RoundPhotoRow
from lookout_server.adapters.database.tables.vehicles import (
    VehicleHandedRow,
    VehicleListRow,
    VehicleRow,
    VehicleVisitsRow,
)
from lookout_server.adapters.database.tables.volunteers import PointsRow, VolunteerRow
from lookout_server.adapters.database.tables.ways import HotlineCallRow, ReportPlaceRow, ResidentReportRow, SeenTooRow

__all__ = [
    "NAMING",
    "AlarmEvidenceRow",
    "AlarmRow",
    "AuditRow",
    "Base",
    "CameraProofRow",
    "CameraRow",
    "CareViewRow",
    "CaseAlarmRow",
    "CaseEvidenceRow",
    "CaseHistoryRow",
    "CaseRow",
    "CertificateRow",
    "CommandRow",
    "ContactRow",
    "CounterRow",
    "DeadlineRow",
    "DeliveryRow",
    "DiaryRow",
    "EnrolmentRow",
    "EventRow",
    "EvidenceRow",
    "FactorRow",
    "FeedRow",
    "GatewayRow",
    "HandOverRow",
    "Hash",
    "HotlineCallRow",
    "Id",
    "InspectionReportRow",
    "InspectionRow",
    "Json",
    "JsonText",
    "LedgerRow",
    "ListItemRow",
    "Name",
    "NoticeRow",
    "OutboxRow",
    "PersonGridRow",
    "PersonRow",
    "PlanRow",
    "PointsRow",
    "PolicyRow",
    "PositionRow",
    "QuarantineRow",
    "RecoveryCodeRow",
    "ReportPlaceRow",
    "RequestRow",
    "ResidentReportRow",
    "RoundPhotoRow",
    "RowId",
    "SavedViewRow",
    "SeenTooRow",
    "SessionRow",
    "ShiftRow",
    "SilenceRow",
    "SourceName",
    "StandingRow",
    "StreamRow",
    "TerritoryRow",
    "UtcDateTime",
    "VehicleHandedRow",
    "VehicleListRow",
    "VehicleRow",
    "VehicleVisitsRow",
    "VolunteerRow",
    "WebhookRow",
    "WebhookSetAsideRow",
    "WhistleRow",
]
