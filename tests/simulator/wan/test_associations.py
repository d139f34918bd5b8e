import pytest

from bench.protocols.dlms.data_types import Data

NAME = (1, "0-0:42.0.0*255", 2)
ALL_CLIENTS = ["public", "lls", "hls2", "hls3", "hls4", "hls6", "suite0", "suite1", "suite2"]


@pytest.mark.parametrize("name", ALL_CLIENTS)
def test_each_reference_client_opens_reads_and_releases(meter, name: str) -> None:
    client = meter.client(name).open_association()
    assert isinstance(client.get(*NAME), Data)
    answer = client.release()
    assert answer is not None
    assert answer[0] == 0x63
    assert client.send(bytes.fromhex("C001C1000100002A0000FF0200")) == bytes.fromhex("D80101")
