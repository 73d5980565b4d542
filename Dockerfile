# The bot in a container. Build: docker build -t nachklang . — with its servers: compose.yml.

FROM python:3.13-slim-bookworm AS libraries
COPY requirements.lock /
RUN python -m venv /opt/venv \
  && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock

FROM node:22-bookworm-slim AS pages
WORKDIR /pages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/nachklang nachklang
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /opt/nachklang
COPY LICENSE config.yml ./
COPY nlu nlu
COPY dialogs dialogs
COPY persistence persistence
COPY integrations integrations
COPY bot bot
COPY --from=pages /pages/node_modules node_modules
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# SQLite, unless DATABASE_URL says otherwise: the volume is the shop's memory.
ENV DATABASE_URL=sqlite:////var/lib/nachklang/nachklang.db
VOLUME /var/lib/nachklang
USER nachklang
EXPOSE 8080
# SIGTERM lets the bot finish what is in hand; give it the time (compose: stop_grace_period).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "-c", \
  "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["serve", "--config", "config.yml", "--host", "0.0.0.0", "--port", "8080"]
