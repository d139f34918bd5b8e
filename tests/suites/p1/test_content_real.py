"""Telegrams of meters in the field: the cases about content find no fault that they do not have."""

import re

import pytest

from bench.core.verdict import Verdict
from bench.engine.run import Run

CONTENT = [f"P1-A-{number:03}" for number in range(40, 60)]
ONE = {"P1/POLYPHASE": False}
THREE = {"P1/POLYPHASE": True}
GAS = {"P1/MBUS": True, "P1/GAS": True}
UNREAD = {"P1/MBUS": True, "P1/MBUS-UNREAD": True}

#: edition and claims of each telegram whose CRC is right, or that has none
DEVICES = {
    "nl-kamstrup-162-dsmr-2-2-kfm-1": ("nl22", ONE | GAS),
    "nl-kamstrup-382-testdsmrparseronrealdsmr2-4": ("nl22", ONE | GAS),
    "nl-landis-gyr-e350-unknown-xmx-1": ("nl22", ONE),
    "nl-iskraemeco-mt382-1003-testdsmrparseronrealdsmr2-0": ("nl22", ONE | GAS),
    "nl-iskraemeco-mt382-1003-text-message": ("nl22", ONE | GAS),
    "nl-dsmr-3-0-companion-standard-dsmr-3-0-spec-example": ("nl30", ONE | GAS),
    "nl-kaifa-ma304-dsmr-4-2-kfm-1": ("nl42", THREE | GAS),
    "nl-kaifa-ma304-oh-kaifa-3ph": ("nl42", THREE),
    "nl-kaifa-ma105-testdsmrparseronrealdsmr4-2": ("nl42", ONE | GAS),
    "nl-kaifa-parse-0": ("nl40", ONE | GAS),
    "nl-landis-gyr-e350-clock-neve-testdsmrparseronrealdsmr4-1": ("nl42", THREE | GAS | UNREAD),
    "nl-iskraemeco-am550-3-phase-dsmr-5-0-isk-1": ("nl50", THREE | GAS),
    "nl-iskraemeco-am550-1-phase-isk": ("nl50", ONE | GAS),
    "nl-iskraemeco-am550-dead-ch1-example-telegrams-4": ("nl50", THREE | GAS | UNREAD),
    "nl-iskraemeco-am550-testdsmrparseronrealdsmr5-0": ("nl50", THREE),
    "nl-sagemcom-t211-esmr-5-0-t211": ("nl50", THREE),
    "nl-sagemcom-xs210-esmr-5-0-1-ph-testdsmrparseronrealdsmr5-1": ("nl50", ONE | GAS),
    "nl-mcs-header-zeroed-fields-mcs": ("nl50", THREE | {"P1/MBUS": True}),
    "be-sagemcom-oh-flu5-extra": ("be15", THREE | GAS),
    "be-emucs-p1-1-7-1-example-example-telegrams-5": ("be17", THREE | GAS),
    "lu-luxmetering-e-meter-p1-1-1-3-dsmr-luxembourgh-spec-example": ("lu", THREE | GAS | UNREAD),
    "at-sagemcom-t210-d-r-oh-austria": ("at", THREE),
    "de-easymeter-q3d-via-com-1-example-telegrams-7": ("de", ONE),
    "stream-nl-isk-2m550t-1012-61tel": ("nl50", THREE),
}

#: what rightly fails, each with the octets that break the clause
KNOWN = {
    # its author put (23) and (8) for durations, which are F10(0,0) with the unit s (6.11)
    "nl-mcs-header-zeroed-fields-mcs": {"P1-A-051": "duration: expected ten digits"},
}

DECLARATION = """\
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[p1]
profile = "{profile}"
link = "replay:{path}"
[p1.ics]
{ics}
[p1.ixit]
gas_meter_size = "G4"
"""


@pytest.mark.parametrize("name", DEVICES)
def test_a_real_telegram_fails_only_where_it_deviates(name, real_data, tmp_path):
    path = real_data / "p1" / f"{name}.txt"
    profile, claims = DEVICES[name]
    ics = "\n".join(f'"{item}" = {str(answer).lower()}' for item, answer in claims.items())
    device = tmp_path / "device.toml"
    device.write_text(DECLARATION.format(profile=profile, path=path, ics=ics))
    run = Run.begin(device, out=tmp_path / "runs", selectors=CONTENT)
    run.execute()
    run.close()
    failed = {
        case: judgement.message
        for case, judgement in run.judgements().items()
        if judgement.verdict >= Verdict.FAIL
    }
    known = KNOWN.get(name, {})
    assert set(failed) == set(known), failed
    for case, words in known.items():
        assert re.search(words, failed[case])
