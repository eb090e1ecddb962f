"""The one place that names concrete adapters: it puts the dispatcher together and carries out the verbs."""

from lookout_server.bootstrap.access import (
    GatewayAccess,
    IntegratorAccess,
    NewPerson,
    add_device,
    add_gateway,
    add_integrator,
    add_person,
    import_site,
    migrate_database,
    new_password,
    new_web_push_key,
    new_webhook_secret,
    remove_device,
    remove_integrator,
)
from lookout_server.bootstrap.audit import audit_entries, reset_second_factor, verify_audit
from lookout_server.bootstrap.backup import BackupReport, backup, restore
from lookout_server.bootstrap.broker import broker_rules
from lookout_server.bootstrap.enrolment import (
    gateway_line,
    gateway_values,
    list_gateways,
    offer_enrolment,
    revoke_gateway,
)
from lookout_server.bootstrap.ledger import export_ledger, ledgers, verify_ledger
from lookout_server.bootstrap.models import add_model
from lookout_server.bootstrap.places import add_places, list_places, retire_place, write_codes
from lookout_server.bootstrap.quarantine import (
    discard_quarantined,
    list_quarantine,
    replay_quarantined,
    show_quarantined,
)
from lookout_server.bootstrap.running import exported_documents, run_dispatcher
from lookout_server.bootstrap.shown import (
    as_values,
    as_yaml,
    describe,
    ledger_lines,
    ledger_values,
    quarantined_values,
)
from lookout_server.bootstrap.site import (
    bring_in_estate,
    export_estate,
    policy_in_force,
    seed_demo,
    try_policy,
    use_policy,
)
from lookout_server.bootstrap.trials import policy_text, trial_text, trial_values
from lookout_server.bootstrap.vehicles import (
    export_vehicles,
    replace_vehicle_list,
    send_vehicle_list,
    vehicle_lines,
    vehicle_list,
    vehicle_values,
)
from lookout_server.bootstrap.version import version

__all__ = [
    "BackupReport",
    "GatewayAccess",
    "IntegratorAccess",
    "NewPerson",
    "add_device",
    "add_gateway",
    "add_integrator",
    "add_model",
    "add_person",
    "add_places",
    "as_values",
    "as_yaml",
    "audit_entries",
    "backup",
    "bring_in_estate",
    "broker_rules",
    "describe",
    "discard_quarantined",
    "export_estate",
    "export_ledger",
    "export_vehicles",
    "exported_documents",
    "gateway_line",
    "gateway_values",
    "import_site",
    "ledger_lines",
    "ledger_values",
    "ledgers",
    "list_gateways",
    "list_places",
    "list_quarantine",
    "migrate_database",
    "new_password",
    "new_web_push_key",
    "new_webhook_secret",
    "offer_enrolment",
    "policy_in_force",
    "policy_text",
    "quarantined_values",
    "remove_device",
    "remove_integrator",
    "replace_vehicle_list",
    "replay_quarantined",
    "reset_second_factor",
    "restore",
    "retire_place",
    "revoke_gateway",
    "run_dispatcher",
    "seed_demo",
    "send_vehicle_list",
    "show_quarantined",
    "trial_text",
    "trial_values",
    "try_policy",
    "use_policy",
    "vehicle_lines",
    "vehicle_list",
    "vehicle_values",
    "verify_audit",
    "verify_ledger",
    "version",
    "write_codes",
]
