from datetime import UTC, datetime

from bench.simulator.metering_system import MeteringSystem
from bench.simulator.wan.application import Application

START = datetime(2026, 1, 15, 10, tzinfo=UTC)


def test_a_public_client_associates_reads_the_name_and_releases() -> None:
    channel = Application(MeteringSystem(1, START)).channel(16, 1)
    assert channel is not None
    name = bytes.fromhex("C001C1000100002A0000FF0200")
    assert channel.receive(name, 0) == bytes.fromhex("D80101")
    aarq = bytes.fromhex("601da109060760857405080101be10040e01000000065f1f0400007e1f04b0")
    aare = channel.receive(aarq, 0)
    assert aare is not None
    assert aare.startswith(bytes.fromhex("6129a109060760857405080101a203020100a305a103020100be10"))
    answer = channel.receive(name, 0)
    assert answer is not None
    assert answer.startswith(bytes.fromhex("C401C10009"))
    assert channel.receive(bytes.fromhex("6200"), 0) == bytes.fromhex("6303800100")
    assert channel.receive(name, 0) == bytes.fromhex("D80101")
