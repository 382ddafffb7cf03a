# One image for all five services: `python -m services.<service>`, and `scrapersky` for migrations and operators.
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /build \
 && /build/bin/pip install --quiet --require-hashes -r requirements/build.txt \
 && python -m venv --without-pip /venv \
 && /build/bin/pip --python /venv/bin/python install --quiet --require-hashes --no-compile -r requirements/runtime.txt
COPY pyproject.toml README.md ./
COPY libs libs
COPY services services
RUN /build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /build/bin/pip --python /venv/bin/python install --quiet --no-compile --no-deps /wheels/*.whl \
 && /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /venv/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="scrapersky" \
      org.opencontainers.image.description="ScraperSky's five background services"
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["python", "-m"]
CMD ["services.domain_scheduler"]
