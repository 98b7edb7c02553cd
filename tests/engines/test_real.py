"""The tests' own way to a real MongoDB: it is left as it was found, whoever closed what."""

from motor.motor_asyncio import AsyncIOMotorClient

from tests.engines import NAME, real


async def test_its_database_is_gone_also_when_the_application_has_closed_its_client(engine_uri: str) -> None:
    async with real(engine_uri) as db:
        await db.collection("left").insert_one({"_id": 1})
        await db.close()  # as the application does at its end

    client = AsyncIOMotorClient(engine_uri)
    assert NAME not in await client.list_database_names()
    client.close()
