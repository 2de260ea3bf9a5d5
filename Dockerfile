# Airflow with igwire in it: every Airflow service and the bootstrap run this image.
FROM python:3.11-slim-bookworm
# Named volumes take owner and mode from the folders of the image.
RUN useradd --create-home --uid 50000 igwire && mkdir -p /state /opt/airflow && chown igwire /state /opt/airflow
WORKDIR /opt/igwire
RUN pip install --no-cache-dir uv
COPY requirements.lock ./
RUN uv pip install --system --require-hashes --compile-bytecode -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN uv pip install --system --no-deps --compile-bytecode .
COPY dags ./dags
COPY plugins ./plugins
USER igwire
