# syntax=docker/dockerfile:1
# The connector in a small image: built with the locked dependencies, run as a user without rights on a file system that may be read-only.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev make perl \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Dependencies first, with an empty program, in a layer that stays as long as Cargo.lock does.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src tests/it \
 && touch src/lib.rs tests/it/main.rs \
 && echo 'fn main() {}' >src/main.rs \
 && cargo build --locked --profile dist \
 && rm -r src
COPY . .
# Cargo goes by times, and those of the copied files may be older than the empty program's.
RUN touch src/lib.rs src/main.rs \
 && cargo build --locked --profile dist \
 && cp target/dist/dataverse-renku /usr/local/bin/dataverse-renku

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /var/lib/dataverse-renku --create-home dataverse-renku
COPY --from=build /usr/local/bin/dataverse-renku /usr/local/bin/dataverse-renku
USER 10001:10001
WORKDIR /var/lib/dataverse-renku
# The SQLite file and the vault's key; not used with PostgreSQL and a key given as a secret.
VOLUME /var/lib/dataverse-renku
ENV DATAVERSE_RENKU__HTTP__BIND=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["dataverse-renku", "health"]
# SIGTERM drains: steps in hand are finished or handed back.
STOPSIGNAL SIGTERM
ENTRYPOINT ["dataverse-renku"]
CMD ["serve"]
