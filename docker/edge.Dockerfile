# syntax=docker/dockerfile:1
# The gateway: decoding, inference, rules, spool. Build from the top of the checkout:
#   docker build -f docker/edge.Dockerfile -t lookout-edge .
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/lookout
COPY docker/constraints.txt docker/constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY configs configs
COPY models models
COPY edge edge
COPY server server
# A gateway has no pages to serve, so the console is left out.
RUN LOOKOUT_SKIP_CONSOLE=1 /opt/lookout/bin/pip install -c docker/constraints.txt '.[edge]'

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 lookout \
    && useradd --system --uid 10001 --gid lookout --home-dir /var/lib/lookout --create-home lookout
COPY --from=build /opt/lookout /opt/lookout
ENV PATH=/opt/lookout/bin:$PATH PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1 LOOKOUT_PAGE_PORT=8077
USER 10001:10001
WORKDIR /var/lib/lookout
VOLUME /var/lib/lookout
# The gateway's own page (`http` in its configuration; another port there is another LOOKOUT_PAGE_PORT here). The cameras'
# own health is in their MQTT state.
HEALTHCHECK --interval=30s --timeout=5s --start-period=2m --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"LOOKOUT_PAGE_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["lookout-edge"]
CMD ["run", "--config", "/etc/lookout/gateway.yaml"]
