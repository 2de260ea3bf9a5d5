"""### ingest_archive: long spans of the past, and what came late

The same tasks as `ingest_news` over months instead of days: ten years are 120 runs, not 3,650. Use it (Trigger → Backfill) for more than
two months; `igwire backfill plan --from DAY --to DAY` says beforehand what it costs.

By itself it runs on the first of each month over the month that closed, and brings in what the archives list and no feed ever showed.
It yields to `ingest_news` on every host and in Airflow's queue.

A red task means: the batch could not be finished, nothing is lost. Clear it, or run the month again: what is stored is not fetched twice.
The report names every source and span that is not complete, with the reason; `igwire gaps` lists them with the command that fills them.
"""

from ingest_factory import ingest_dag  # airflow finds DAGs in files that name it and "dag"

ingest_archive = ingest_dag("ingest_archive", "0 0 1 * *", __doc__)
