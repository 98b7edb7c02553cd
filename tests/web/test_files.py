"""Files that pages load: those of the folder, and nothing else."""

import pytest

from tests.support import Api

pytestmark = pytest.mark.engines("mongomock")

FOLDERS = {"/reports/static": "style.css", "/schema-assets": "swagger-ui.css"}


@pytest.mark.parametrize(("folder", "name"), FOLDERS.items())
async def test_a_file_is_served_with_its_type(api: Api, folder: str, name: str) -> None:
    for method in ("GET", "HEAD"):
        answer = await api.client.request(method, f"{folder}/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/css")
        assert int(answer.headers["content-length"]) > 1000
        assert bool(answer.content) == (method == "GET")


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize(
    "name",
    [
        *("%00", "style.css%00", "swagger-ui.css%00", "style.css/x", "swagger-ui.css/x", "nothing.css", "a/b/c", "/"),
        *("x" * 256, "x" * 5000, "%ff%fe", "%0a", "style.css%0a", "%2e%2e", "../../app.py", "..%2f..%2fapp.py"),
        *("%2e%2e/%2e%2e/app.py", "//etc/passwd", "%2fetc%2fpasswd", "C:%5Cwindows", "%f0%9f%98%80", "%ed%a0%80"),
    ],
)
async def test_an_odd_name_is_not_found_and_tells_no_folder(api: Api, folder: str, name: str) -> None:
    answer = await api.client.get(f"{folder}/{name}")
    assert answer.status_code == 404
    assert "learntrack/" not in answer.text
    assert "static" not in answer.json()["detail"]


@pytest.mark.parametrize(("folder", "name"), FOLDERS.items())
async def test_who_has_a_file_is_not_sent_it_again_in_either_form(api: Api, folder: str, name: str) -> None:
    path, tags = f"{folder}/{name}", []
    for accepted in ("identity", "gzip"):
        answer = await api.client.get(path, headers={"Accept-Encoding": accepted})
        assert answer.headers["vary"] == "Accept-Encoding"
        tags.append(answer.headers["etag"])
    assert tags[0] != tags[1]

    for had in (*tags, f'"x", {tags[0]}', "*"):
        for accepted in ("identity", "gzip"):
            headers = {"Accept-Encoding": accepted, "If-None-Match": had}
            answer = await api.client.get(path, headers=headers)
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] in tags
            assert answer.headers["vary"] == "Accept-Encoding"
            assert answer.headers.get("content-length") is None
    other = await api.client.get(path, headers={"If-None-Match": '"x"'})
    assert other.status_code == 200


async def test_a_list_says_that_it_may_come_in_two_forms(api: Api) -> None:
    for accepted in ("identity", "gzip"):
        answer = await api.client.get("/api/logger/masterylog", headers={"Accept-Encoding": accepted})
        assert answer.headers["vary"] == "Accept-Encoding"
