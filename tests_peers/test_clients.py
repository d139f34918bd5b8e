"""Other clients read the simulated meter, and read what the bench's own client reads."""

import datetime as dt

import pytest

from bench.protocols.dlms.cosem_types import SelectiveAccess
from bench.protocols.dlms.data_types import array, integer, long_unsigned, octet_string, structure
from bench.simulator.wan.keys import CLIENT_TITLE

NAME = (1, "0.0.42.0.0.255", 2)
CLOCK = (8, "0.0.1.0.0.255", 2)
ENERGY = (3, "1.0.1.8.0.255", 2)
PROFILE = (7, "1.0.99.1.0.255", 2)
OBJECTS = (15, "0.0.40.0.0.255", 2)
FROM = dt.datetime(2026, 1, 15, 8, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
TO = FROM + dt.timedelta(hours=1)
READERS = ("lls", "suite0")


def cosem_time(at):
    """Return a date-time of 12 octets; its deviation is counted from local time to UTC."""
    minutes = -int(at.utcoffset().total_seconds() // 60)
    return (
        at.year.to_bytes(2, "big")
        + bytes((at.month, at.day, at.isoweekday(), at.hour, at.minute, at.second, 0))
        + minutes.to_bytes(2, "big", signed=True)
        + b"\0"
    )


def octets_of(name):
    return bytes(map(int, name.split(".")))


def as_lists(value):
    """Return arrays and structures as lists, octets as bytes."""
    if isinstance(value, list | tuple):
        return [as_lists(one) for one in value]
    return bytes(value) if isinstance(value, bytes | bytearray) else value


class Own:
    """The bench's own client, with the questions that every client is asked here."""

    def __init__(self, association):
        self.association = association

    def read(self, what, selection=None):
        answer = self.association.get(*what, selection)
        assert answer.ok, answer
        return as_lists(answer.value)

    def rows(self):
        clock = structure(
            long_unsigned(8), octet_string(octets_of(CLOCK[1])), integer(2), long_unsigned(0)
        )
        first, last = (octet_string(cosem_time(at)) for at in (FROM, TO))
        return self.read(PROFILE, SelectiveAccess(1, structure(clock, first, last, array())))

    def objects(self):
        return {(number, version, bytes(name)) for number, version, name, _ in self.read(OBJECTS)}


class PydlmsClient:
    """The same questions to pydlms-client."""

    def __init__(self, client):
        self.client = client

    def read(self, what, selection=None):
        number, name, attribute = what
        return as_lists(self.client.get(name, number, attribute, selection).to_python())

    def rows(self):
        from pydlms import DlmsData
        from pydlms.apdu.xdlms import range_descriptor

        first, last = (DlmsData.octet_string(cosem_time(at)) for at in (FROM, TO))
        return self.read(PROFILE, range_descriptor(first, last))

    def objects(self):
        return {
            (one.class_id, one.version, one.logical_name.to_bytes())
            for one in self.client.get_association_view()
        }

    def close(self):
        self.client.close()


class DlmsCosemClient:
    """The same questions to dlms-cosem."""

    def __init__(self, client):
        self.client = client
        self.up = True

    def attribute(self, what):
        from dlms_cosem.cosem import CosemAttribute, Obis
        from dlms_cosem.enumerations import CosemInterface

        return CosemAttribute(CosemInterface(what[0]), Obis(*octets_of(what[1])), what[2])

    def read(self, what, selection=None):
        from dlms_cosem.utils import parse_as_dlms_data

        return as_lists(parse_as_dlms_data(self.client.get(self.attribute(what), selection)))

    def rows(self):
        from dlms_cosem.cosem.capture_object import CaptureObject
        from dlms_cosem.cosem.selective_access import RangeDescriptor

        clock = CaptureObject(self.attribute(CLOCK), 0)
        return self.read(PROFILE, RangeDescriptor(clock, FROM, TO))

    def objects(self):
        from dlms_cosem.parsers import AssociationObjectListParser

        octets = self.client.get(self.attribute(OBJECTS))
        return {
            (int(one.interface), one.version, one.logical_name.to_bytes())
            for one in AssociationObjectListParser.parse_bytes(octets)
        }

    def close(self):
        if self.up:
            self.up = False
            self.client.release_association()
            self.client.disconnect()


@pytest.fixture
def pydlms_to(pydlms, served, counters):
    """A function that opens an association of pydlms-client."""
    opened = []

    def ciphered(suite):
        return pydlms.SecurityContext(
            served.secret(f"suite{suite}_encryption"),
            served.secret(f"suite{suite}_authentication"),
            client_system_title=CLIENT_TITLE,
            invocation_counter=next(counters),
            suite=suite,
        )

    def settings(name):
        mechanism = pydlms.Mechanism
        match name:
            case "public":
                return 16, {}
            case "lls":
                return 32, {
                    "mechanism": mechanism.LLS,
                    "password": served.secret("lls_password"),
                }
            case "hls3" | "hls4" | "hls6":
                number = int(name[3:])
                secret = served.secret(f"{name}_secret")
                title = {"client_system_title": CLIENT_TITLE}
                return 30 + number, {"mechanism": mechanism(number), "password": secret} | title
            case "suite0":
                return 1, {"mechanism": mechanism(5), "security": ciphered(0)}
            case "suite1":
                return 3, {"mechanism": mechanism(7), "security": ciphered(1)} | pairs(served)
            case "suite2":
                return 4, {"mechanism": mechanism(5), "security": ciphered(2)}
        raise AssertionError(name)

    def made(name, **options):
        sap, chosen = settings(name)
        if served.hdlc:
            chosen |= {"hdlc": True, "server_physical": 17}
        client = pydlms.DlmsClient.tcp(
            "127.0.0.1", served.port, client_sap=sap, timeout=5.0, **chosen, **options
        )
        client.connect()
        opened.append(client)
        return PydlmsClient(client)

    yield made
    for client in opened:
        client.close()


def pairs(served):
    """Return the key pairs of mechanism 7 as pydlms-client takes them."""
    from cryptography.hazmat.primitives.asymmetric import ec

    def private(name):
        number = int.from_bytes(served.secret(name), "big")
        return ec.derive_private_key(number, ec.SECP256R1())

    return {
        "signing_key": private("client_signing"),
        "server_public_key": private("meter_signing").public_key(),
    }


@pytest.fixture
def dlms_cosem_to(dlms_cosem, served, counters):
    """A function that opens an association of dlms-cosem."""
    from dlms_cosem import io, security
    from dlms_cosem.client import DlmsClient

    class OwnCounter(security.HighLevelSecurityGmacAuthentication):
        """Uses up the counter of f(StoC); as it comes, dlms-cosem uses it again for the APDU."""

        def hls_generate_reply_data(self, connection):
            proof = super().hls_generate_reply_data(connection)
            connection.client_invocation_counter += 1
            return proof

    def means(name, own_counter):
        match name:
            case "public":
                return 16, security.NoSecurityAuthentication(), {}
            case "lls":
                password = served.secret("lls_password")
                return 32, security.LowLevelSecurityAuthentication(password), {}
            case "hls2":
                secret = served.secret("hls2_secret")
                return 37, security.HighLevelSecurityCommonAuthentication(secret), {}
        how = OwnCounter if own_counter else security.HighLevelSecurityGmacAuthentication
        keys = {
            "encryption_key": served.secret("suite0_encryption"),
            "authentication_key": served.secret("suite0_authentication"),
            "client_system_title": CLIENT_TITLE,
            "client_initial_invocation_counter": next(counters),
        }
        return 1, how(), keys

    opened = []

    def made(name, own_counter=True):
        sap, authentication, keys = means(name, own_counter)
        line = io.BlockingTcpIO("127.0.0.1", served.port, timeout=5)
        if served.hdlc:
            transport = io.HdlcTransport(sap, 1, line, server_physical_address=17)
        else:
            transport = io.TcpTransport(sap, 1, line)
        client = DlmsClient(transport, authentication, block_transfer=True, **keys)
        client.connect()
        try:
            client.associate()
        except Exception:
            client.disconnect()
            raise
        opened.append(DlmsCosemClient(client))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


@pytest.fixture(params=["pydlms", "dlms_cosem"])
def peer_to(request):
    """A function that opens an association of each peer in turn."""
    return request.getfixturevalue(f"{request.param}_to")


def test_the_public_client_reads_name_and_clock(peer_to, own_client):
    own = Own(own_client("public"))
    name, before = own.read(NAME), own.read(CLOCK)
    own.association.close()
    peer = peer_to("public")
    assert peer.read(NAME) == name
    now = peer.read(CLOCK)
    peer.close()
    after = Own(own_client("public")).read(CLOCK)
    assert before <= now <= after


@pytest.mark.parametrize("name", READERS)
def test_a_reader_reads_the_same(peer_to, own_client, counters, name):
    own = Own(own_client(name, next(counters)))
    before, energy = own.read(CLOCK), own.read(ENERGY)
    rows, objects = own.rows(), own.objects()
    ldn = own.read(NAME)
    own.association.close()
    peer = peer_to(name)
    assert peer.read(NAME) == ldn
    now, later = peer.read(CLOCK), peer.read(ENERGY)
    assert len(rows) == 5
    assert peer.rows() == rows
    assert len(objects) > 100
    assert peer.objects() == objects
    peer.close()
    own = Own(own_client(name, next(counters)))
    assert before <= now <= own.read(CLOCK)
    assert energy <= later <= own.read(ENERGY)


@pytest.mark.parametrize("name", ["hls3", "hls4", "hls6", "suite1", "suite2"])
def test_pydlms_proves_who_it_is(pydlms_to, name):
    peer = pydlms_to(name)
    assert len(peer.objects()) > 100


def test_dlms_cosem_proves_who_it_is(dlms_cosem_to):
    assert len(dlms_cosem_to("hls2").objects()) > 100


@pytest.mark.parametrize(
    "options",
    [
        {"protection": "general-glo"},
        {"use_dedicated_key": True},
        {"propose_gbt": True},
        {"max_receive_pdu_size": 64},
    ],
    ids=["general-glo", "dedicated-key", "general-blocks", "short-apdus"],
)
def test_pydlms_reads_by_other_ways(pydlms_to, options):
    usual = pydlms_to("suite0")
    objects, rows = usual.objects(), usual.rows()
    usual.close()
    other = pydlms_to("suite0", **options)
    assert other.objects() == objects
    assert other.rows() == rows


def test_pydlms_reads_lists_and_by_access(pydlms, pydlms_to):
    peer = pydlms_to("suite0", propose_access=True)
    name = peer.read(NAME)
    [found, absent] = peer.client.get_many([(NAME[1], 1, 2), ("0.0.42.7.7.255", 1, 2)])
    assert bytes(found.value) == name
    assert not isinstance(absent, pydlms.DlmsData)
    [outcome] = peer.client.access([pydlms.AccessGet(NAME[1], 1, 2)])
    assert bytes(outcome.data.value) == name


def test_pydlms_sets_the_clock(pydlms_to):
    peer = pydlms_to("suite0")
    peer.client.set_clock(FROM + dt.timedelta(days=1))
    set_to = peer.read(CLOCK)
    peer.client.set_clock(dt.datetime.fromisoformat("2026-01-15T12:00:00+01:00"))
    assert set_to.startswith(cosem_time(FROM + dt.timedelta(days=1))[:6])


def test_a_proof_with_the_counter_of_its_apdu_is_refused(dlms_cosem_to):
    # dlms-cosem protects the ACTION that carries f(StoC) with the counter that f(StoC) was made
    # with: one nonce for two texts under one key, which GCM forbids (IEC 62056-5-3 §5.3.5.3)
    from dlms_cosem.client import HLSError

    with pytest.raises(HLSError):
        dlms_cosem_to("suite0", own_counter=False)
