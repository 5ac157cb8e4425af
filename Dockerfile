# One image for the service and for the sidecar in every Job's pod.
FROM node:24-slim AS dependencies
WORKDIR /opt/edc-job-provisioner
COPY package.json package-lock.json ./
# Production dependencies alone: the Node binaries are optional ones, and the image has its own.
# A registry or proxy configuration comes as a build secret and stays out of the layers:
#   docker build --secret id=npmrc,src=$HOME/.npmrc -t edc-job-provisioner .
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc,required=false \
    npm ci --omit=dev --omit=optional --ignore-scripts --no-fund --no-audit

FROM node:24-slim
WORKDIR /opt/edc-job-provisioner
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/opt/edc-job-provisioner/compile-cache \
    EDC_JP_HTTP_HOST=0.0.0.0 \
    EDC_JP_HTTP_PORT=8080
COPY --from=dependencies /opt/edc-job-provisioner/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY src src
COPY config config
COPY jobs-templates jobs-templates
# The embedded cluster and the demo are for a developer's machine; starting each command once fills the compile cache, which
# a read-only root file system then only reads.
RUN rm -rf src/devcluster src/demo src/commands/dev.ts src/commands/demo.ts config/dev.yaml \
    && node bin/edc-job-provisioner.js check jobs-templates \
    && node scripts-warm.mjs 2>/dev/null || true \
    && chmod -R a=rX compile-cache || true
USER 1001:1001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.EDC_JP_HTTP_PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/edc-job-provisioner/bin/edc-job-provisioner.js"]
CMD ["serve"]
