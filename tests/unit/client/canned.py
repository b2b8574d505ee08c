"""Bytes as the gateway sends them, taken from the captures the wire facts describe, with names changed."""

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def control(status: str = "success", unique: str = "false") -> str:
    return (
        f"<control><status>{status}</status><senderid>SANDBOX</senderid><controlid>c1</controlid>"
        f"<uniqueid>{unique}</uniqueid><dtdversion>3.0</dtdversion></control>"
    )


def error(errorno: str, description2: str = "", correction: str = "", description: str = "") -> str:
    return (
        f"<error><errorno>{errorno}</errorno><description>{description}</description>"
        f"<description2>{description2}</description2><correction>{correction}</correction></error>"
    )


def errors(*each: str) -> str:
    return f"<errormessage>{''.join(each)}</errormessage>"


def authentication(
    status: str = "success", *, lifetime: float | None = 21600, at: datetime = NOW, user: str = "etl", entity: str = ""
) -> str:
    stamps = f"<sessiontimestamp>{at.isoformat()}</sessiontimestamp>" if status == "success" else ""
    if lifetime is not None and stamps:
        stamps += f"<sessiontimeout>{(at + timedelta(seconds=lifetime)).isoformat()}</sessiontimeout>"
    return (
        f"<authentication><status>{status}</status><userid>{user}</userid><companyid>DEMO</companyid>"
        f"<locationid>{entity}</locationid>{stamps}</authentication>"
    )


def result(function: str, control_id: str, inner: str = "", status: str | None = "success") -> str:
    said = "" if status is None else f"<status>{status}</status>"
    return f"<result>{said}<function>{function}</function><controlid>{control_id}</controlid>{inner}</result>"


def response(*results: str, unique: str = "false", **signed_in: object) -> bytes:
    operation = f"<operation>{authentication(**signed_in)}{''.join(results)}</operation>"  # type: ignore[arg-type]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<response>{control(unique=unique)}{operation}</response>'.encode()


def control_failure(*each: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><response>{control("failure")}{errors(*each)}</response>'.encode()


def sign_in_failure(*each: str, user: str = "etl") -> bytes:
    body = f"{authentication('failure', user=user)}{errors(*each)}"
    return f"<response>{control()}<operation>{body}</operation></response>".encode()


def session_answer(
    session_id: str, endpoint: str, control_id: str = "s1", *, entity: str = "", lifetime: float | None = 21600
) -> bytes:
    api = (
        f"<data><api><sessionid>{session_id}</sessionid><endpoint>{endpoint}</endpoint>"
        f"<locationid>{entity}</locationid></api></data>"
    )
    return response(result("getAPISession", control_id, api), lifetime=lifetime, entity=entity)


LOCKED_OUT = sign_in_failure(
    error("PL04000076", "This user is in LOCKEDOUT state"), error("XL03000006", "Sign-in information is incorrect")
)
WRONG_PASSWORD = sign_in_failure(error("XL03000006", "Sign-in information is incorrect"))
INVALID_SESSION = sign_in_failure(error("XL03000006", "Invalid session qWeRtY123secretsession..."), user="")
WRONG_SENDER = control_failure(error("XL03000006", "Incorrect Intacct XML Partner ID or password."))
UNAUTHORISED_SENDER = sign_in_failure(
    error(
        "XL03000006",
        "The sender ID 'STRANGER' is not authorized to make Web Services requests to company ID 'DEMO'.",
        "Contact the company administrator to grant Web Services authorization to this sender ID.",
        "Invalid Web Services Authorization",
    )
)
GATEWAY_TIER = (
    b"<response><control><status>failure</status></control><errormessage><error><errorno>GW-0011</errorno>"
    b"<description>Invalid Request [Request ID: AC47C2BE:D9EE_63EBC07F.59]</description></error></errormessage>"
    b"</response>"
)
THROTTLED = (
    b"<response><control><status>failure</status></control><errormessage><error><errorno>GW-0010</errorno>"
    b"<description>API rate limit exceeded</description></error></errormessage></response>"
)
CLOUDFLARE = (
    b'<!DOCTYPE html>\n<html lang="en-US"><head><meta charset="UTF-8"><title>intacct.com | 502: Bad gateway</title>'
    b"</head>"
    b'<body><div id="cf-error-details">Bad gateway</div></body></html>'
)
ROLLED_BACK = error("XL03000009", "The entire transaction in this operation has been rolled back due to an error.")
PARTIAL = (
    '<data listtype="objects" count="1"><project><RECORDNO>1424</RECORDNO><PROJECTID>Fellow PD2</PROJECTID></project>'
    "</data>"
    + errors(
        error(
            "BL34000061",
            "Another Project with the given value(s) Fellow PD1  already exists [Support ID: EsppO%7EZEcj0DEGV_L5hm95]",
            "Use a unique value instead.",
        ),
        error("BL01001973", "Could not create project record!"),
        error("BL01001973", "Error while saving the Project info"),
    )
)
