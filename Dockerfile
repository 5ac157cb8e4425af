# One image for the service and for the sidecar in every Job's pod.
FROM node:24-slim AS dependencies
WORKDIR /opt/edc-job-provisioner
COPY package.json package-lock.json ./
# Production dependencies alone: the Node binaries are optional ones, and the image has its own.
# A registry or proxy configuration comes as a build secret and stays out of the layers:
#   docker build --secret id=npmrc,src=$HOME/.npmrc -t edc-job-provisioner .
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc,required=false \
    npm ci --omit=dev --omit=optional --ignore-scripts --no-fund --no-audit

# The files of /docs and /redoc: three of two packages that are not dependencies, since the rest of them is 20 MB.
FROM node:24-slim AS pages
WORKDIR /opt/pages
COPY package-lock.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc,required=false \
    for name in swagger-ui-dist @redocly/cli; do \
      version=$(node -p 'require("./package-lock.json").packages[`node_modules/${process.argv[1]}`].version' "$name") && \
      npm pack --silent "$name@$version" || exit 1; \
    done && \
    for archive in *.tgz; do tar -xzf "$archive" || exit 1; done && \
    mkdir pages && \
    mv package/swagger-ui-bundle.js package/swagger-ui.css package/lib/chunks/redoc.standalone.js pages/

FROM node:24-slim AS application
WORKDIR /opt/edc-job-provisioner
COPY --from=dependencies /opt/edc-job-provisioner/node_modules node_modules
COPY --from=pages /opt/pages/pages pages
COPY package.json LICENSE ./
COPY bin bin
COPY src src
COPY jobs-templates jobs-templates
COPY scripts/fill-compile-cache.mjs /tmp/
RUN mkdir compile-cache && chown 1001:1001 compile-cache
# Node keeps a cache for each user id: it is filled by the one that the image runs as.
USER 1001:1001
RUN NODE_ENV=production NODE_COMPILE_CACHE=/opt/edc-job-provisioner/compile-cache \
    node /tmp/fill-compile-cache.mjs && chmod -R a+rX compile-cache

FROM node:24-slim
WORKDIR /opt/edc-job-provisioner
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/opt/edc-job-provisioner/compile-cache \
    EDC_JP_HTTP_HOST=0.0.0.0 \
    EDC_JP_HTTP_PORT=8080
# Owned by root, so that the process cannot change its own program even where the root file system is writable.
COPY --from=application --chown=0:0 /opt/edc-job-provisioner ./
USER 1001:1001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.EDC_JP_HTTP_PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# V8 may otherwise keep up to 128 MiB for new objects, whatever is in use (docs/performance.md, Replicas).
ENTRYPOINT ["node", "--max-semi-space-size=4", "/opt/edc-job-provisioner/bin/edc-job-provisioner.js"]
CMD ["serve"]
