"""What the gateway accepts as a request, and in whose words it refuses the rest (wire/xml-gateway.md §1, §2, §3.3)."""

import gzip
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from lxml import etree

from airflow_provider_intacct.sandbox.gateway.calls import discover
from airflow_provider_intacct.sandbox.gateway.envelope import (
    OWN_SCHEMA,
    InvalidDocumentError,
    load_schema,
    read_request,
)
from tests.gateway_requests import LOCKED, SENDER, Answer, begin_session, call, login, post, query, request, session
from tests.sage_schema import ABSENT, schema_path
from tests.sandbox_process import SandboxProcess

SAGE_SCHEMA = schema_path()


def refusal(answer: Answer) -> tuple[str | None, str]:
    """The one error of a control-level failure, which has no operation."""
    assert answer.text("control/status") == "failure"
    assert answer.root.find("operation") is None
    ((errorno, text),) = answer.errors("errormessage/error")
    return errorno, text


def test_a_function_the_schema_does_not_know_is_refused_at_control_level(sandbox: SandboxProcess) -> None:
    errorno, text = refusal(call(sandbox, "<approveEverything/>"))
    assert errorno == "XL03000003"
    assert text.startswith(
        "XML Parse schema error: Error 1871: Element 'approveEverything': This element is not expected. "
        "Expected is one of ( "
    )
    assert text.endswith(" ).. Line: 2, column: 0."), "the full stop of libxml2 and the gateway's own"


def test_function_names_are_case_sensitive(sandbox: SandboxProcess) -> None:
    assert refusal(call(sandbox, "<getapisession/>"))[0] == "XL03000003"


def test_a_tag_mismatch_names_line_and_column_and_the_ids_come_back_blank(sandbox: SandboxProcess) -> None:
    answer = post(sandbox, b"<request>\n<control>\n</request>")
    assert refusal(answer) == (
        "XL03000003",
        "XML Parse schema error: Fatal Error 76: Opening and ending tag mismatch: control line 2 and request. "
        "Line: 3, column: 11.",
    )
    assert answer.text("control/senderid") == ""
    assert answer.text("control/controlid") == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (query("VENDOR", ["NAME"], "<pagesize>2001</pagesize>"), "Error 1834: Element 'pagesize': "
         "[facet 'maxInclusive'] The value '2001' is greater than the maximum value allowed ('2000')."),
        (query("VENDOR", ["NAME"], f"<filter>{2 * '<isnull><field>A</field></isnull>'}</filter>"),
         "Error 1871: Element 'isnull': This element is not expected."),
        (query("VENDOR", ["NAME"], f"<filter><in><field>A</field>{'<value>1</value>' * 1001}</in></filter>"),
         "Error 1871: Element 'value': This element is not expected."),
        ("<readByQuery><object>VENDOR</object><query/><orderby/></readByQuery>",
         "Error 1871: Element 'orderby': This element is not expected."),
        ("<create_bill><vendorid>V1</vendorid></create_bill>",
         "Error 1871: Element 'create_bill': Missing child element(s). Expected is ( datecreated )."),
        ('<get_list object="whatever"/>', "Error 1840: Element 'get_list', attribute 'object': "),
        ("<delete><object>VENDOR</object></delete>", "Error 1871: Element 'delete': Missing child element(s)."),
    ],
)  # fmt: skip
def test_the_first_schema_error_is_told_in_the_words_of_libxml2(
    sandbox: SandboxProcess, body: str, message: str
) -> None:
    errorno, text = refusal(call(sandbox, body))
    assert errorno == "XL03000003"
    assert text.startswith("XML Parse schema error: " + message)
    assert text.endswith(", column: 0.")


def test_a_password_before_the_company_is_out_of_order(sandbox: SandboxProcess) -> None:
    credential = "<login><userid>etl</userid><password>x</password><companyid>DEMO</companyid></login>"
    _, text = refusal(call(sandbox, "<getAPISession/>", credential=credential))
    assert "Element 'password': This element is not expected. Expected is ( companyid ).." in text


def test_a_function_without_control_id_is_refused(sandbox: SandboxProcess) -> None:
    body = request("<function ><getAPISession/></function>")
    _, text = refusal(post(sandbox, body))
    assert "Error 1868: Element 'function': The attribute 'controlid' is required but missing." in text


@pytest.mark.parametrize("content_type", ["application/xml", "text/xml; charset=utf-8", "x-intacct-xml-request"])
def test_the_content_types_that_clients_send_are_read(sandbox: SandboxProcess, content_type: str) -> None:
    answer = post(sandbox, request("<getAPISession/>"), content_type=content_type)
    assert answer.statuses == ["success"]
    assert answer.headers["content-type"] == 'text/xml; encoding="UTF-8"'


def test_a_form_post_carries_the_request_in_xmlrequest(sandbox: SandboxProcess) -> None:
    body = "xmlrequest=" + quote_plus(request("<getAPISession/>").decode())
    answer = post(sandbox, body.encode(), content_type="application/x-www-form-urlencoded")
    assert answer.statuses == ["success"]


def test_json_is_not_accepted(sandbox: SandboxProcess) -> None:
    answer = post(sandbox, b"{}", content_type="application/json")
    assert answer.status == 400
    assert [child.tag for child in answer.root.find("control")] == ["status"]  # type: ignore[union-attr]
    assert answer.text("errormessage/error/errorno") == "GW-0011"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post_is_answered(sandbox: SandboxProcess, method: str) -> None:
    answer = post(sandbox, b"", method=method)
    assert answer.status == 401
    assert answer.text("errormessage/error/errorno") == "XMLGW_JPP0002"
    assert answer.root.find("errormessage/error/description2") is None


def test_elsewhere_there_is_nothing(sandbox: SandboxProcess) -> None:
    assert post(sandbox, request("<getAPISession/>"), path="/ia/xml/other.phtml").status == 404


def test_the_control_block_is_echoed_with_what_was_sent(sandbox: SandboxProcess) -> None:
    control = call(sandbox, "<getAPISession/>", unique=True, control_id="my id").root.find("control")
    assert control is not None
    assert [(child.tag, child.text) for child in control] == [
        ("status", "success"),
        ("senderid", SENDER[0]),
        ("controlid", "my id"),
        ("uniqueid", "true"),
        ("dtdversion", "3.0"),
    ]


def test_replies_are_formatted_unless_asked_otherwise(sandbox: SandboxProcess) -> None:
    assert b">\n    <control>" in call(sandbox, "<getAPISession/>").body
    stripped = call(sandbox, "<getAPISession/>", control="<includewhitespace>false</includewhitespace>").body
    assert b"\n" not in stripped.split(b"?>\n", 1)[1]


def test_replies_are_zipped_when_the_client_can_unzip(sandbox: SandboxProcess) -> None:
    plain = post(sandbox, request("<getDimensions/>"))
    zipped = post(sandbox, request("<getDimensions/>"), headers={"Accept-Encoding": "gzip, deflate"})
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.statuses == ["success"]


def test_markup_in_values_comes_back_as_it_was_sent(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getUserPermissions><userId>O'Hara &amp; &lt;Söhne&gt;</userId></getUserPermissions>")
    assert b"O&#039;Hara &amp; &lt;S\xc3\xb6hne&gt;" in answer.body
    assert answer.errors() == [("BL03000025", "Login ID O'Hara & <Söhne> does not exist.")]


def test_function_errors_carry_a_percent_encoded_support_id_unless_switched_off(sandbox: SandboxProcess) -> None:
    unknown = "<getUserPermissions><userId>nobody</userId></getUserPermissions>"
    text = call(sandbox, unknown).text(".//description2") or ""
    assert " [Support ID: " in text
    assert "%7E" in text
    assert "%40" in text
    locked = call(sandbox, "<getAPISession/>", credential=login(LOCKED)).texts(".//description2")
    assert len({description.partition(" [Support ID: ")[2] for description in locked}) == 1, "one for the request"
    sandbox.switch(support_ids=False)
    assert call(sandbox, unknown).text(".//description2") == "Login ID nobody does not exist."


def test_additional_error_information_comes_when_asked_for(sandbox: SandboxProcess) -> None:
    unknown = "<getUserPermissions><userId>nobody</userId></getUserPermissions>"
    assert call(sandbox, unknown).root.find(".//additionalinfo") is None
    info = call(sandbox, unknown, control="<showadditionalerrorinfo>true</showadditionalerrorinfo>").root.find(
        "operation/result/errormessage/error/additionalinfo"
    )
    assert info is not None
    assert [child.tag for child in info] == [
        "errorid",
        "category",
        "target",
        "description",
        "cdescription",
        "correction",
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Fatal Error 4: Document is empty"),
        (b"\0" * 100, "Fatal Error 4: Document is empty"),
        (request("<getDimensions/>").replace(b'"f1"', b'"\xff"'), "Invalid bytes in character encoding"),
        (gzip.compress(request("<getDimensions/>"), mtime=0), "Fatal Error 4: Start tag expected, '<' not found"),
        (b"<a>" * 100_000, "Excessive depth in document"),
    ],
)
def test_bytes_that_are_no_document_are_refused_in_the_words_of_libxml2(
    sandbox: SandboxProcess, body: bytes, said: str
) -> None:
    errorno, text = refusal(post(sandbox, body))
    assert errorno == "XL03000003"
    assert said in text


def typed(document: bytes, declarations: str) -> bytes:
    """Return a request with a document type."""
    return document.replace(b"<request>", f"<!DOCTYPE request {declarations}><request>".encode(), 1)


@pytest.mark.parametrize(
    "body",
    [
        "<getUserPermissions><userId>&leak;</userId></getUserPermissions>",
        "<create><CLASS><CLASSID>&leak;</CLASSID><NAME>of &leak;</NAME></CLASS></create>",
    ],
)
@pytest.mark.parametrize("declared", ['SYSTEM "file://{path}"', '"do-not-read-me"'])
def test_an_entity_is_never_resolved(sandbox: SandboxProcess, tmp_path: Path, declared: str, body: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do-not-read-me")
    entity = declared.format(path=secret)
    answer = post(sandbox, typed(request(body), f"[<!ENTITY leak {entity}>]"))
    errorno, text = refusal(answer)
    assert errorno == "XL03000003"
    assert "Entities are not accepted" in text
    assert b"do-not-read-me" not in answer.body


def test_entities_that_multiply_are_refused_unread(sandbox: SandboxProcess) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = typed(request("<getDimensions/>"), f'[<!ENTITY l0 "laugh">{levels}]').replace(b">f1<", b">&l9;<")
    assert refusal(post(sandbox, document))[0] == "XL03000003"
    attribute = typed(request("<getDimensions/>"), f'[<!ENTITY l0 "laugh">{levels}]').replace(b'"f1"', b'"&l9;"')
    assert refusal(post(sandbox, attribute))[0] == "XL03000003"


def test_a_document_type_that_only_names_its_dtd_is_read(sandbox: SandboxProcess) -> None:
    document = typed(request("<getDimensions/>"), 'SYSTEM "intacct_request.v2.1.dtd"')
    assert post(sandbox, document).statuses == ["success"]


def test_the_functions_of_a_request_run_in_order_and_later_ones_run_after_a_failure(sandbox: SandboxProcess) -> None:
    failing = "<getUserPermissions><userId>nobody</userId></getUserPermissions>"
    answer = call(sandbox, "<getAPISession/>", failing, "<get_applications/>")
    assert answer.statuses == ["success", "failure", "success"]
    assert answer.texts("operation/result/controlid") == ["f1", "f2", "f3"]
    assert answer.texts("operation/result/function") == ["getAPISession", "getUserPermissions", "get_applications"]


ACCEPTED = [
    request("<getAPISession/>"),
    request("<getAPISession><locationid>100</locationid></getAPISession>", credential=session("x"), unique=None),
    request("<getAPISession><locationid/></getAPISession>", atomic=True),
    request("<lookup><object>VENDOR</object></lookup>", "<getDimensions/>", atomic=False),
    request('<inspect detail="1"><object>*</object></inspect>'),
    request("<read><keys>1</keys><object>VENDOR</object></read>"),
    request("<readByName><object>VENDOR</object><keys>V1</keys><fields>*</fields><docparid/></readByName>"),
    request("<readByQuery><query>A &lt; 1</query><object>VENDOR</object><pagesize>5000</pagesize></readByQuery>"),
    request("<readMore><resultId>abc</resultId></readMore>"),
    request("<readView><view>V#1@2</view><filters><filterCondition>AND</filterCondition><filterExpression>"
            "<field>a</field><operator>=</operator><value>1</value></filterExpression></filters></readView>"),
    request(query("GLDETAIL", ["RECORDNO"], "<filter><and><or><like><field>A</field><value>%</value></like><isnotnull>"
            "<field>B</field></isnotnull></or><between><field>C</field><value>1</value><value>2</value></between></and>"
            "</filter><orderby><order><field>RECORDNO</field><descending/></order><order><field>A</field></order>"
            "</orderby><options><showprivate>true</showprivate><returnformat>json</returnformat></options>"
            "<pagesize>2000</pagesize><offset>0</offset>")),
    request("<query><select><count>RECORDNO</count><sum>A</sum></select><object>VENDOR</object></query>"),
    request("<create><VENDOR><ANY><THING/></ANY></VENDOR><CUSTOMER/></create>"),
    request("<update><VENDOR><RECORDNO>1</RECORDNO></VENDOR></update>"),
    request("<delete><object>VENDOR</object><keys>1,2</keys></delete>"),
    request('<get_list object="invoice" start="0" maxitems="100" showprivate="true"><filter><logical '
            'logical_operator="and"><expression><field>a</field><operator>&gt;=</operator><value>1</value></expression>'
            "<expression><field>b</field><operator>=</operator><value>1</value></expression></logical></filter><sorts>"
            '<sortfield order="asc">key</sortfield></sorts><fields><field>key</field></fields></get_list>'),
    request('<get object="vendor" key="V1" externalkey="false"><fields><field>name</field></fields></get>'),
    request('<get_companyprefs application="GL"/>', "<get_applications/>", '<get_list object="company_info"/>'),
    request("<getAuditTrail><object>APBILL</object><recordNo>1</recordNo></getAuditTrail>"),
    request("<readUserFormatting><key>1</key></readUserFormatting>"),
    request("<create_bill><vendorid>V1</vendorid><datecreated><year>2026</year><month>06</month><day>30</day>"
            "</datecreated><termname>N30</termname><action>Submit</action><billno>1</billno><currency>GBP</currency>"
            "<exchrate>1.2</exchrate><billitems><lineitem><glaccountno>6000</glaccountno><amount>1</amount><memo>m</memo>"
            "<locationid>100</locationid><customfields><customfield><customfieldname>A</customfieldname>"
            "<customfieldvalue>1</customfieldvalue></customfield></customfields><classid>1</classid></lineitem>"
            "</billitems></create_bill>"),
    request("<create_invoice><customerid>C1</customerid><datecreated><year>2026</year><month>6</month><day>1</day>"
            "</datecreated><datedue><year>2026</year><month>7</month><day>1</day></datedue><batchkey>1</batchkey>"
            "<action>Submit</action><invoiceno>1</invoiceno><billto><contactname>X</contactname></billto><invoiceitems>"
            "<lineitem><accountlabel>Sales</accountlabel><amount>1</amount></lineitem></invoiceitems></create_invoice>"),
    request('<reverse_bill key="1"><datereversed><year>2026</year><month>6</month><day>1</day></datereversed>'
            "<description>x</description></reverse_bill>"),
    request('<delete_invoice key="1"/>'),
    request("<create_gltransaction><journalid>GJ</journalid><datecreated><year>2026</year><month>6</month><day>1</day>"
            "</datecreated><description>x</description><gltransactionentries><glentry><trtype>debit</trtype><amount>1"
            "</amount><glaccountno>1</glaccountno></glentry><glentry><trtype>credit</trtype><amount>1</amount>"
            "<glaccountno>2</glaccountno><currency>USD</currency><exchratetype>X</exchratetype></glentry>"
            "</gltransactionentries></create_gltransaction>"),
    request('<update_bill key="1"><datecreated><year>2026</year><month>6</month><day>1</day></datecreated>'
            '<updatebillitems><updatelineitem line_num="1"><glaccountno>6000</glaccountno><amount>2</amount>'
            "</updatelineitem><lineitem><glaccountno>6000</glaccountno><amount>1</amount></lineitem></updatebillitems>"
            "</update_bill>"),
    request('<update_invoice key="1"><description>x</description></update_invoice>'),
    request("<create_statgltransaction><journalid>STJ</journalid><datecreated><year>2026</year><month>6</month><day>1"
            "</day></datecreated><description>x</description><statgltransactionentries><glentry><trtype>debit</trtype>"
            "<amount>1</amount><glaccountno>9000</glaccountno></glentry></statgltransactionentries>"
            "</create_statgltransaction>"),
    request("<create_arpayment><customerid>C1</customerid><paymentamount>5</paymentamount><bankaccountid>B</bankaccountid>"
            "<datereceived><year>2026</year><month>6</month><day>1</day></datereceived><arpaymentitem><invoicekey>1"
            "</invoicekey><amount>5</amount></arpaymentitem></create_arpayment>"),
    request('<reverse_arpayment key="1"><datereversed><year>2026</year><month>6</month><day>1</day></datereversed>'
            "</reverse_arpayment>"),
    request("<runDdsJob><jobType>change</jobType><object>VENDOR</object><timeStamp>2026-01-01T00:00:00+00:00</timeStamp>"
            "<cloudDelivery>D</cloudDelivery><fileConfiguration><splitSize>10000</splitSize><fileFormat>mac</fileFormat>"
            "</fileConfiguration><additional_parameters><parameter><name>PERIOD</name><value>x</value></parameter>"
            "</additional_parameters></runDdsJob>"),
    request("<getDdsObjects/>"),
    request("<getDdsDdl><object>VENDOR</object></getDdsDdl>"),
    request("<getAPISession/>", control="<policyid>p</policyid><debug>1</debug>"),
]  # fmt: skip
REFUSED = [
    b"<request/>",
    b"<response/>",
    request("<getAPISession/>").replace(b"<uniqueid>", b"<unique>").replace(b"</uniqueid>", b"</unique>"),
    request("<getAPISession/>").replace(b"<senderid>SANDBOX</senderid>", b""),
    request("<getAPISession/>").replace(b"<operation>", b'<operation transaction="yes">'),
    request("<getAPISession/>", control="<includewhitespace>maybe</includewhitespace>"),
    request("<getAPISession/>", credential="<login><userid>a</userid></login>"),
    request("<getAPISession/>", credential=login() + session("x")),
    request("<getAPISession/><getAPISession/>"),
    request("<getAPISession><entity>1</entity></getAPISession>"),
    request("<nonsense/>"),
    request("<query><object>VENDOR</object></query>"),
    request(query("VENDOR", ["NAME"], "<filter/>")),
    request(query("VENDOR", ["NAME"], "<filter><and><isnull><field>A</field></isnull></and></filter>")),
    request(query("VENDOR", ["NAME"], "<filter><in><field>A</field></in></filter>")),
    request(query("VENDOR", ["NAME"], "<filter><between><field>A</field><value>1</value></between></filter>")),
    request(query("VENDOR", ["NAME"], "<filter><equalto><value>1</value><field>A</field></equalto></filter>")),
    request(query("VENDOR", ["NAME"], "<filter><isnull><field>A</field><value>1</value></isnull></filter>")),
    request(query("VENDOR", ["NAME"], "<pagesize>0</pagesize>")),
    request(query("VENDOR", ["NAME"], "<offset>-1</offset>")),
    request(query("VENDOR", ["NAME"], "<options><returnFormat>json</returnFormat></options>")),
    request("<readByQuery><object>VENDOR</object></readByQuery>"),
    request("<readByQuery><object>VENDOR</object><query/><returnformat>json</returnformat></readByQuery>"),
    request("<readMore/>"),
    request("<create/>"),
    request("<delete><keys>1</keys></delete>"),
    request("<get_list/>"),
    request('<get_list object="unheard_of"/>'),
    request('<get_list object="invoice"><fields/></get_list>'),
    request('<get object="vendor"/>'),
    request("<get_companyprefs/>"),
    request("<getAuditTrail><recordNo>1</recordNo><object>APBILL</object></getAuditTrail>"),
    request("<readUserFormatting/>"),
    request("<create_invoice><customerid>C1</customerid></create_invoice>"),
    request('<reverse_bill key="1"/>'),
    request("<delete_bill/>"),
    request('<update_bill key="1"><updatebillitems><updatelineitem/></updatebillitems></update_bill>'),
    request("<create_statgltransaction><journalid>STJ</journalid></create_statgltransaction>"),
    request("<create_arpayment><customerid>C1</customerid><arpaymentitem/></create_arpayment>"),
    request("<runDdsJob><object>VENDOR</object><jobType>all</jobType></runDdsJob>"),
    request(
        "<runDdsJob><object>VENDOR</object><cloudDelivery>D</cloudDelivery><jobType>all</jobType><fileConfiguration>"
        "<splitSize>9999</splitSize></fileConfiguration></runDdsJob>"
    ),
    request(
        "<runDdsJob><object>VENDOR</object><cloudDelivery>D</cloudDelivery><jobType>all</jobType><fileConfiguration>"
        "<fileFormat>dos</fileFormat></fileConfiguration></runDdsJob>"
    ),
    request(
        "<runDdsJob><object>VENDOR</object><cloudDelivery>D</cloudDelivery><jobType>all</jobType><timeStamp>today"
        "</timeStamp></runDdsJob>"
    ),
    request("<getDdsDdl/>"),
]


@pytest.mark.parametrize("path", [OWN_SCHEMA, SAGE_SCHEMA], ids=["own", "sage"])
def test_both_schemas_agree_on_what_is_a_request(path: Path | None) -> None:
    if path is None:
        pytest.skip(ABSENT)
    schema = load_schema(path)
    for document in ACCEPTED:
        assert read_request(document, schema).operations, document
    for document in REFUSED:
        with pytest.raises(InvalidDocumentError):
            read_request(document, schema)


def test_what_sages_schema_allows_and_the_sandbox_lacks_is_said_at_function_level(tmp_path: Path) -> None:
    if SAGE_SCHEMA is None:
        pytest.skip(ABSENT)
    process = SandboxProcess(tmp_path / "intacct.db", arguments=("--schema", str(SAGE_SCHEMA)))
    process.start()
    try:
        answer = call(process, "<getDimensionRestrictions/>", credential=session(begin_session(process)))
        assert answer.text("control/status") == "success"
        assert answer.statuses == ["failure"]
        assert answer.errors()[0][0] == "SANDBOX-0001"
        assert "does not implement the function getDimensionRestrictions" in answer.errors()[0][1]
        _, text = refusal(call(process, "<approveVendor/>"))
        assert "Expected is one of ( create_apaccountlabel, create_apadjustment, " in text
    finally:
        process.stop()


def test_the_own_schema_knows_exactly_the_functions_that_are_implemented() -> None:
    xs = {"xs": "http://www.w3.org/2001/XMLSchema"}
    schema = etree.parse(OWN_SCHEMA)
    (choice,) = schema.xpath("//xs:complexType[@name='function']/xs:choice", namespaces=xs)
    names = list(choice.xpath("xs:element/@name", namespaces=xs))
    parts = [etree.parse(path) for path in sorted((OWN_SCHEMA.parent / "schema").glob("*.xsd"))]
    for group in choice.xpath("xs:group/@ref", namespaces=xs):
        for part in parts:
            names += part.xpath(f"xs:group[@name='{group}']/xs:choice/xs:element/@name", namespaces=xs)
    assert sorted(names) == sorted(discover())
