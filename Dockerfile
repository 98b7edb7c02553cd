# By itself a container runs on the embedded engine with its data in /data; with LEARNTRACK_MONGODB_URI on that MongoDB.
# It works on a read-only root file system with /data and /tmp writable.

FROM docker.io/library/python:3.13-slim AS build
WORKDIR /src
RUN python3 -m venv /opt/learntrack
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
# Of the embedded engine only the server is needed; where its releases with the Rust one have gone, what there is with all of its own.
RUN /opt/learntrack/bin/pip install -q -c constraints.txt . \
 && { /opt/learntrack/bin/pip install -q --pre --no-deps "SecantusDB>=0.6.0b12,<0.7" \
   || /opt/learntrack/bin/pip install -q --pre "SecantusDB>=0.6.0b12,<0.8"; } \
 && /opt/learntrack/bin/pip uninstall -q -y pip \
 && find /opt/learntrack -name __pycache__ -prune -exec rm -rf {} +

FROM docker.io/library/python:3.13-slim
LABEL org.opencontainers.image.title="learntrack" \
      org.opencontainers.image.description="Records how learners use content, and answers their coaches' questions." \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin learntrack \
 && mkdir /data && chown learntrack:learntrack /data
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
