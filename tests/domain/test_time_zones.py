"""Time zones by name."""

import pytest

from learntrack.domain.time_zones import time_zone, zone_info


@pytest.mark.parametrize("name", ["UTC", "Africa/Nairobi", "Asia/Kolkata"])
def test_an_iana_name_is_taken(name: str) -> None:
    assert zone_info(time_zone(name)).key == name


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "../../etc/passwd", "africa/nairobi ", "\x00", "localtime", "Factory"]
)
def test_what_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="There is no such time zone"):
        time_zone(name)
