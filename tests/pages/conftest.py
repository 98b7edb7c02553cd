"""A class whose pages are looked at."""

import pytest

from tests.pages.opening import Class
from tests.support import School


@pytest.fixture
async def room(school: School) -> Class:
    return await Class(school).open()
