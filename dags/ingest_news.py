"""### ingest_news: feeds in, searchable articles out

Runs daily over the day that just closed, and over any past day as a backfill (Trigger → Backfill).

* **plan** polls the feeds that are due and cuts what is unfinished into batches by host; for a day of the past it asks the sources'
  archives instead, each of them once a week at most, however many days there are
* **batch** collects, extracts, enriches and indexes; one host lies in one batch, batches do not wait for each other
* **report** adds up what became of every item and fails when the totals do not balance or documents wait for Elasticsearch

A task that waits for its next try ("up for retry") with the word *Unfinished* in its log is no fault: a host gets one request in five
seconds, and the task goes on where it stopped.

A red task means: the batch could not be finished, nothing is lost. Clear it, or trigger the DAG again: finished items are not
fetched twice. `igwire trace URL` tells what became of one article, `igwire status` when the last run went well.
"""

from ingest_factory import ingest_dag  # airflow finds DAGs in files that name it and "dag"

ingest_news = ingest_dag("ingest_news", "0 0 * * *", __doc__)
