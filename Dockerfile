# Tocsin in a container: docker build -t tocsin .
# Any image with Python 3.11 or newer and bash will do as its base; both stages need the same one.
ARG BASE=python:3.13-slim-trixie

FROM $BASE AS build
WORKDIR /opt/tocsin
# what changes seldom comes first, so that a change of the sources installs nothing again
COPY pyproject.toml ./
COPY requirements requirements
COPY script/setup script/setup
RUN script/setup base
COPY src src
RUN .venv/bin/python -m compileall -q --invalidation-mode unchecked-hash src

FROM $BASE
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="Tocsin" \
      org.opencontainers.image.description="On-call and incident management that you run yourself" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin tocsin \
 && install --directory --owner=tocsin --group=tocsin --mode=0700 /data
COPY --from=build /opt/tocsin /opt/tocsin
ENV PATH=/opt/tocsin/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TOCSIN_DATA=/data
WORKDIR /data
USER 10001:10001
VOLUME /data
EXPOSE 8000
# `tocsin serve` is a supervisor that takes SIGTERM and buries orphans: it needs no init in front of it
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=5m --retries=4 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["tocsin"]
CMD ["serve", "--host", "0.0.0.0"]
