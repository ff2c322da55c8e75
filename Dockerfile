# syntax=docker/dockerfile:1

# The version of Node is that of the development dependency `node`, with which everything is tested.
FROM docker.io/library/node:24.21.0-bookworm-slim AS dependencies
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM dependencies AS build
COPY tsconfig.json ./
COPY scripts/build.ts scripts/
COPY src/ src/
RUN node scripts/build.ts

# Kerberos: the native module, from source, and the libraries that it loads, with their licence.
FROM dependencies AS kerberos
RUN apt-get update && apt-get install -y --no-install-recommends g++ make python3 libkrb5-dev
RUN npm_config_nodedir=/usr/local npm explore kerberos -- node-gyp rebuild
WORKDIR /libraries
RUN cp --dereference /usr/share/doc/libkrb5-3/copyright krb5-copyright && \
    for library in libgssapi_krb5.so.2 libkrb5.so.3 libk5crypto.so.3 libkrb5support.so.0 libcom_err.so.2 libkeyutils.so.1; do \
      cp --dereference "/usr/lib/$(gcc -print-multiarch)/$library" . || exit 1; \
    done

# Node and the libraries that it needs: no shell, no package manager. The Debian is that of the libraries above.
FROM gcr.io/distroless/nodejs24-debian12:nonroot AS base
COPY --from=kerberos /libraries/libgssapi_krb5.so.2 /usr/lib/libgssapi_krb5.so.2
COPY --from=kerberos /libraries/libkrb5.so.3 /usr/lib/libkrb5.so.3
COPY --from=kerberos /libraries/libk5crypto.so.3 /usr/lib/libk5crypto.so.3
COPY --from=kerberos /libraries/libkrb5support.so.0 /usr/lib/libkrb5support.so.0
COPY --from=kerberos /libraries/libcom_err.so.2 /usr/lib/libcom_err.so.2
COPY --from=kerberos /libraries/libkeyutils.so.1 /usr/lib/libkeyutils.so.1
COPY --from=kerberos /libraries/krb5-copyright /usr/share/doc/krb5/copyright
COPY --from=kerberos /src/node_modules/kerberos/package.json /app/node_modules/kerberos/package.json
COPY --from=kerberos /src/node_modules/kerberos/LICENSE /app/node_modules/kerberos/LICENSE
COPY --from=kerberos /src/node_modules/kerberos/lib/index.js /app/node_modules/kerberos/lib/index.js
COPY --from=kerberos /src/node_modules/kerberos/lib/util.js /app/node_modules/kerberos/lib/util.js
COPY --from=kerberos /src/node_modules/kerberos/build/Release/kerberos.node /app/node_modules/kerberos/build/Release/kerberos.node

FROM base
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cmg-operator" \
      org.opencontainers.image.description="Runs Configuration Manager cloud management gateways from Kubernetes manifests" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /src/dist/cmg-operator.mjs /app/cmg-operator.mjs
COPY --from=build /src/dist/cmg-operator-tickets.mjs /app/cmg-operator-tickets.mjs
COPY --from=build /src/dist/cmg-operator.mjs.LEGAL.txt /app/cmg-operator.mjs.LEGAL.txt
COPY LICENSE /app/LICENSE
# The C library would otherwise keep memory for each thread, and what was freed: up to 40 MiB. As in scripts/build.ts.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
USER 65532:65532
EXPOSE 8080
# The heap ends at 70 % of the memory that the container may use. The other flags are those of scripts/build.ts.
ENTRYPOINT ["/nodejs/bin/node", "--max-old-space-size-percentage=70", "--max-semi-space-size=4", "--heap-growing-percent=50", "/app/cmg-operator.mjs"]
