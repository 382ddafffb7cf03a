# One image for all five services: `python -m services.<service>`, and `scrapersky` for migrations and operators.
#
#   docker build -t scrapersky .                                  or `make image`, which says version and revision too
#   docker build -t scrapersky-internet --target internet .       the demo's small Internet, for a cluster of one's own
#   docker build --build-arg BASE=docker.io/library/python:3.13-slim@sha256:… .
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS installer
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONHASHSEED=0
# `strip`, in whatever version the base's Debian has.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements/build.txt requirements/
RUN python -m venv /build && /build/bin/pip install --quiet --require-hashes -r requirements/build.txt

FROM installer AS build
COPY requirements/runtime.txt requirements/
RUN python -m venv --without-pip /venv \
 && /build/bin/pip --python /venv/bin/python install --quiet --require-hashes --no-compile -r requirements/runtime.txt
COPY pyproject.toml README.md ./
COPY libs libs
COPY services services
COPY image image
# The time that all files get, in seconds since 1970: a commit's own makes two builds of it the same.
ARG SOURCE_DATE_EPOCH=0
RUN /build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /build/bin/pip --python /venv/bin/python install --quiet --no-compile --no-deps /wheels/*.whl \
 && python image/slim.py /venv

FROM installer AS internet-build
COPY requirements/internet.txt requirements/
RUN python -m venv --without-pip /venv \
 && /build/bin/pip --python /venv/bin/python install --quiet --require-hashes -r requirements/internet.txt

# The small Internet of the demo: websites and a Places stand-in. `python -m tests.internet` takes the arguments.
FROM ${BASE} AS internet
COPY --from=internet-build /venv /venv
COPY tests/__init__.py /app/tests/
COPY tests/internet /app/tests/internet
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["python", "-m", "tests.internet"]

FROM ${BASE} AS services
# No installer is left: the official image's is under /usr/local, Debian's own in the other two.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/site-packages/* /usr/local/lib/python3.*/ensurepip \
           /usr/lib/python3.*/ensurepip /usr/share/python-wheels
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /tmp
# Python itself is PID 1 and gets the signals: no shell stands between.
ENTRYPOINT ["python", "-m"]
CMD ["services.domain_scheduler"]
ARG BASE
ARG VERSION=0
ARG REVISION=unknown
ARG SOURCE=
ARG LICENSES=NOASSERTION
LABEL org.opencontainers.image.title="scrapersky" \
      org.opencontainers.image.description="ScraperSky's five background services: from a search for businesses to every page of their websites" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="${LICENSES}" \
      org.opencontainers.image.base.name="${BASE}"
