"""The Helm chart: valid by helm and by Kubernetes' own schemas; what it starts is this release with its settings."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from learntrack import __version__
from learntrack.settings import Settings

CHART = Path(__file__).parent.parent / "deploy" / "helm"
HELM = shutil.which("helm") or str(Path(sys.prefix) / "helm" / "helm")
VALIDATE = Path(sys.prefix) / "kubernetes" / "bin" / "kubernetes-validate"
EVERYTHING = "serviceMonitor.enabled=true,ingress.enabled=true,ingress.tlsSecret=tls,backup.enabled=true"
NOTHING = (
    "autoscaling.enabled=false,podDisruptionBudget.enabled=false,rollup.enabled=false,networkPolicy.enabled=false,"
    "secret.metricsToken="
)
OLDEST, NEWEST = "1.25", "1.35"

pytestmark = pytest.mark.skipif(
    not Path(HELM).exists(), reason="helm is not installed (scripts/test gets it with npm where there is one)"
)


@cache
def helm(*arguments: str) -> str:
    done = subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rendered(values: str = EVERYTHING) -> list[Any]:
    text = helm("template", "school", str(CHART), "--set", values)
    return [each for each in yaml.safe_load_all(text) if each]


def of_kind(kind: str, values: str = EVERYTHING) -> list[Any]:
    return [each for each in rendered(values) if each["kind"] == kind]


def pods(values: str = EVERYTHING) -> list[Any]:
    """The pods of everything that runs some."""
    found = []
    for each in rendered(values):
        spec = each.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found.append(spec["template"])
    return found


def test_it_has_no_faults_of_style() -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART))


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("values", [EVERYTHING, NOTHING], ids=["everything", "nothing"])
def test_it_is_valid_by_kubernetes_schemas(tmp_path: Path, version: str, values: str) -> None:
    if not VALIDATE.exists():
        pytest.skip("kubernetes-validate is not installed (scripts/test does it)")
    resources = [each for each in rendered(values) if not each["apiVersion"].startswith("monitoring.coreos.com")]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(resources))
    done = subprocess.run(
        [VALIDATE, "--strict", "-k", version, tmp_path / "all.yaml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count("passed for resource") == len(resources)


def test_it_starts_this_release_with_settings_that_there_are() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    containers = [container for pod in pods() for container in pod["spec"]["containers"]]
    names = {variable["name"] for container in containers for variable in container["env"]}

    assert chart["appVersion"] == __version__
    assert {container["image"] for container in containers} == {f"learntrack:{__version__}"}
    assert {name.removeprefix("LEARNTRACK_").removesuffix("_FILE").lower() for name in names} <= set(
        Settings.model_fields
    )
    assert len(containers) == 4  # the service, its migration, rollup and backup


def test_every_pod_is_one_that_may_little() -> None:
    for pod in pods():
        spec = pod["spec"]
        assert spec["enableServiceLinks"] is False  # else a service called learntrack sets LEARNTRACK_PORT
        assert spec["securityContext"]["runAsUser"] == 10001
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert all("value" in variable and "SECRET=" not in variable["value"] for variable in container["env"])
            assert container["resources"]["limits"]["memory"]


def test_it_stops_gracefully_and_is_asked_whether_it_lives() -> None:
    [deployment] = of_kind("Deployment")
    spec = deployment["spec"]["template"]["spec"]
    [container] = spec["containers"]
    waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1])

    assert spec["terminationGracePeriodSeconds"] >= waits + 10
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "replicas" not in deployment["spec"]  # they are the autoscaler's
    assert of_kind("Deployment", NOTHING)[0]["spec"]["replicas"] == 2


def test_the_migration_runs_before_every_rollout() -> None:
    [job] = of_kind("Job")

    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate"]


def test_what_selects_pods_selects_the_services_and_no_jobs() -> None:
    labels = {pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod["metadata"]["labels"] for pod in pods()}
    selectors = [
        of_kind("Service")[0]["spec"]["selector"],
        of_kind("Deployment")[0]["spec"]["selector"]["matchLabels"],
        of_kind("PodDisruptionBudget")[0]["spec"]["selector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= labels["service"].items()
        assert not selector.items() <= labels["job"].items()
    [monitor], [service] = of_kind("ServiceMonitor"), of_kind("Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["authorization"]["credentials"]["name"] == "learntrack"
    [policy] = of_kind("NetworkPolicy")
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels["job"].items()
