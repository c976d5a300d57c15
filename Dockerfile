# The connector in a small image: built with the locked dependencies, run as a user without rights.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev make perl \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The caches keep an unchanged dependency from being compiled again; the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist \
 && cp target/dist/dataverse-renku /usr/local/bin/dataverse-renku

FROM debian:bookworm-slim
# curl is there for the health check only.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/dataverse-renku --create-home dataverse-renku
COPY --from=build /usr/local/bin/dataverse-renku /usr/local/bin/dataverse-renku
USER 10001:10001
WORKDIR /var/lib/dataverse-renku
VOLUME /var/lib/dataverse-renku
ENV DATAVERSE_RENKU__HTTP__BIND=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/healthz"]
# SIGTERM drains: steps in hand are finished or handed back.
STOPSIGNAL SIGTERM
ENTRYPOINT ["dataverse-renku"]
CMD ["serve"]
