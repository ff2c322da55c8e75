# syntax=docker/dockerfile:1

# The version of Node is that of the development dependency `node`, with which everything is tested.
FROM docker.io/library/node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/build.ts scripts/
COPY src/ src/
RUN node scripts/build.ts

# Node and the libraries that it needs: no shell, no package manager.
FROM gcr.io/distroless/nodejs24-debian12:nonroot
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cmg-operator" \
      org.opencontainers.image.description="Runs Configuration Manager cloud management gateways from Kubernetes manifests" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /src/dist/cmg-operator.mjs /app/cmg-operator.mjs
COPY --from=build /src/dist/cmg-operator.mjs.LEGAL.txt /app/cmg-operator.mjs.LEGAL.txt
COPY LICENSE /app/LICENSE
# The C library would otherwise keep memory for each thread, and what was freed: up to 40 MiB. As in scripts/build.ts.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
USER 65532:65532
EXPOSE 8080
# The heap ends at 70 % of the memory that the container may use. The other flags are those of scripts/build.ts.
ENTRYPOINT ["/nodejs/bin/node", "--max-old-space-size-percentage=70", "--max-semi-space-size=4", "--heap-growing-percent=50", "/app/cmg-operator.mjs"]
