"""One read of a PostgreSQL table with dlt: TABLE STATE DATABASE BACKEND. Prints what it used, without the imports."""
import json
import os
import resource
import sys
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"

import connectorx
import dlt
import duckdb
import pandas
import psycopg2
import pyarrow
from dlt.sources.sql_database import sql_table


def used():
    """Of this process and of those that it started and that ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return [sum(one.ru_utime for one in both), sum(one.ru_stime for one in both), time.perf_counter()]


name, state, database, backend = sys.argv[1:]
server = [os.environ[variable] for variable in ("PGUSER", "PGPASSWORD", "PGHOST", "PGPORT", "PGDATABASE")]
begin = used()
read = sql_table(
    credentials="postgresql+psycopg2://{}:{}@{}:{}/{}".format(*server), schema="public", table=name, backend=backend
).with_name("t")
pipeline = dlt.pipeline(
    "reads", destination=dlt.destinations.duckdb(database), dataset_name="raw", pipelines_dir=state
)
pipeline.run(read, write_disposition="replace")
end = used()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([after - before for before, after in zip(begin, end)] + [peak]))
