"""Which stored shapes a release can read."""

import pytest

from learntrack.storage import StartError, schema
from tests.support import Api

pytestmark = pytest.mark.engines("embedded")


async def test_a_newer_schema_is_refused_and_an_older_one_is_to_be_migrated(api: Api) -> None:
    database = api.db.client["learntrack_schema"]
    await schema.check(database, 3)
    with pytest.raises(StartError, match="use the release that wrote it"):
        await schema.check(database, 2)
    with pytest.raises(StartError, match="learntrack migrate"):
        await schema.check(database, 4)
    await schema.check(database, 3)
