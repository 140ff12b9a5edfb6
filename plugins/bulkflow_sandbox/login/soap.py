"""The SOAP login: its request and responses in XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from bulkflow_sandbox.login.errors import SoapLoginError

if TYPE_CHECKING:
    from bulkflow_sandbox.login.users import User

_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
)


def read_login(body: bytes) -> tuple[str, str]:
    """Read the username and password from a login request.

    Raises:
        SoapLoginError: The request is not a SOAP login.
    """
    try:
        # Ignore the encoding in the XML declaration: another one could hide a DOCTYPE.
        message = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SoapLoginError("UNKNOWN_EXCEPTION", "the message is not UTF-8") from error
    if "<!DOCTYPE" in message:
        raise SoapLoginError("UNKNOWN_EXCEPTION", "DOCTYPE is not allowed in a SOAP message")
    try:
        root = ET.fromstring(message)  # noqa: S314 - without a DOCTYPE there are no entities
    except ET.ParseError as error:
        raise SoapLoginError("UNKNOWN_EXCEPTION", f"the message is not XML: {error}") from error
    login = next((one for one in root.iter() if _get_local_name(one) == "login"), None)
    if login is None:
        raise SoapLoginError(
            "INVALID_OPERATION", "the sandbox has no operation of the SOAP API but login"
        )
    texts = {_get_local_name(one): one.text or "" for one in login}
    return texts.get("username", ""), texts.get("password", "")


def build_login_response(
    user: User, token: str, instance_url: str, version: str, org_id: str
) -> bytes:
    """Build the response to a successful login."""
    service = f"{instance_url}/services/Soap"
    fields = {
        "metadataServerUrl": f"{service}/m/{version}/{org_id}",
        "passwordExpired": "false",
        "sandbox": "true",
        "serverUrl": f"{service}/u/{version}/{org_id}",
        "sessionId": token,
        "userId": user.id,
    }
    info = {
        "organizationId": org_id,
        "organizationName": "bulkflow sandbox",
        "userEmail": user.email,
        "userFullName": user.name,
        "userId": user.id,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": user.username,
        "userTimeZone": "UTC",
        "userType": "Standard",
    }
    return (
        f'{_HEAD}xmlns="urn:partner.soap.sforce.com"><soapenv:Body><loginResponse><result>'
        f"{_write_elements(fields)}<userInfo>{_write_elements(info)}</userInfo>"
        "</result></loginResponse></soapenv:Body></soapenv:Envelope>"
    ).encode()


def build_fault(error: SoapLoginError) -> bytes:
    """Build the response to a refused login."""
    code, message = escape(error.code), escape(error.message)
    return (
        f'{_HEAD}xmlns:sf="urn:fault.partner.soap.sforce.com" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>"
        '<detail><sf:LoginFault xsi:type="sf:LoginFault">'
        f"<sf:exceptionCode>{code}</sf:exceptionCode>"
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage>"
        "</sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    ).encode()


def _write_elements(fields: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items())


def _get_local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
