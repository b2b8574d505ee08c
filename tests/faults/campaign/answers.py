"""How the sandbox answers what the known facts leave open: every setting must be survived."""

from collections.abc import Mapping
from typing import Any

SILENTLY = "repeats roll back silently"

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "as usual": {},
    "no status": {"uniqueid_reply": "no_status"},
    "bare": {"uniqueid_reply": "bare"},
    "another number": {"uniqueid_errorno": "XL03000006", "rollback_culprit": "aborted"},
    "no status, aborted": {"uniqueid_reply": "no_status", "rollback_culprit": "aborted"},
    "bare, aborted": {"uniqueid_reply": "bare", "rollback_culprit": "aborted"},
    "rest goes through": {"uniqueid_rolls_back": False},
    "rest goes through, no status": {"uniqueid_rolls_back": False, "uniqueid_reply": "no_status"},
    "rest goes through, bare": {"uniqueid_rolls_back": False, "uniqueid_reply": "bare"},
    "company remembers": {"uniqueid_scope": "company", "uniqueid_covers_reads": False},
    "user remembers": {"uniqueid_scope": "user", "support_ids": False},
    "numbers may repeat": {"duplicate_document_number": "accept"},
    "refused by 429": {"concurrency_refusal": "http_429", "throttle_refusal": "text"},
    "refused by 503": {"concurrency_refusal": "http_503", "throttle_refusal": "http_503", "retry_after": 1},
    "repeats roll back alone": {"uniqueid_in_rollback": "alone"},
    "other words": {"uniqueid_text": "Duplicate: {control_id}"},
    SILENTLY: {"uniqueid_in_rollback": "silent"},
    "partial counts": {"uniqueid_covers_partial": True, "uniqueid_concurrent": "wait", "queue_seconds": 2.0},
    "in process, another number": {"uniqueid_concurrent_errorno": "XL03000006", "delete_keys": "together"},
    "the queue forgets": {"async_after_restart": "lost", "async_sign_in": "received"},
    "never modified": {"whenmodified_on_create": False},
    "wide": {"concurrency": 4, "invalid_session_text": "full", "session_timestamp": "start"},
}
"""Switches of the sandbox, by a name for the setting."""
