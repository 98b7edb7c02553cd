# By itself a container runs on the embedded engine with its data in /data; with LEARNTRACK_MONGODB_URI on that MongoDB.
# It works on a read-only root file system with /data and /tmp writable.

FROM docker.io/library/python:3.13-slim AS build
WORKDIR /src
RUN python3 -m venv /opt/learntrack
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY scripts/install-engine scripts/install-engine
COPY src src
# Without an engine (it says why) the image still runs on a MongoDB. All modules are compiled here, since nothing can be written where it runs:
# each process would compile them anew. They are known by their hashes: files get other dates on their way into an image.
RUN /opt/learntrack/bin/pip install -q -c constraints.txt '.[oidc]' \
 && { /opt/learntrack/bin/python scripts/install-engine || true; } \
 && /opt/learntrack/bin/pip uninstall -q -y pip \
 && /opt/learntrack/bin/python -m compileall -q -f -j 0 --invalidation-mode checked-hash /opt/learntrack/lib

FROM docker.io/library/python:3.13-slim
# learntrack is MIT, the page that it ships Apache-2.0. Beside it lies SecantusDB, the embedded engine: a program of its own under
# GPL-2.0, started as a process and spoken to over the wire. Its licence is in its folder of /opt/learntrack/lib.
LABEL org.opencontainers.image.title="learntrack" \
      org.opencontainers.image.description="Records how learners use content, and answers their coaches' questions." \
      org.opencontainers.image.licenses="MIT AND Apache-2.0 AND GPL-2.0-only" \
      learntrack.engine.licence="GPL-2.0-only" \
      learntrack.engine.source="https://github.com/jdrumgoole/SecantusDB"
RUN useradd --system --uid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin learntrack \
 && mkdir /data /backups && chown learntrack:learntrack /data /backups
COPY --from=build /opt/learntrack /opt/learntrack
ENV PATH=/opt/learntrack/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LEARNTRACK_HOST=0.0.0.0 \
    LEARNTRACK_DATA_DIR=/data
USER learntrack
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python3", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ.get('LEARNTRACK_PORT') or 8000}/health/ready\", timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["learntrack"]
CMD ["serve"]
