"""One load with dlt: FILE STATE DATABASE MODE KEY READER. Prints what it used, without the imports."""
import json
import os
import resource
import sys
import time
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"

import dlt
import duckdb
import pandas
import pyarrow
from dlt.sources import filesystem as files


def used():
    """Of this process and of those that it started and that ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return [sum(one.ru_utime for one in both), sum(one.ru_stime for one in both), time.perf_counter()]


path, state, database, mode, key, reader = sys.argv[1:]
# The reader that hands on Arrow tables reads as DuckDB does, and has to be told what is missing.
readers = {
    "read_csv": lambda: files.read_csv(),
    "read_csv_duckdb": lambda: files.read_csv_duckdb(chunk_size=100_000, use_pyarrow=True, na_values=["", "NA"]),
}
begin = used()
path = Path(path)
resource_of_file = files.filesystem(bucket_url=path.parent.as_uri(), file_glob=path.name) | readers[reader]()
resource_of_file = resource_of_file.with_name("t")
if mode == "merge":
    resource_of_file.apply_hints(primary_key=key.split(","))
pipeline = dlt.pipeline(
    "loads", destination=dlt.destinations.duckdb(database), dataset_name="raw", pipelines_dir=state
)
pipeline.run(resource_of_file, write_disposition=mode)
end = used()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([after - before for before, after in zip(begin, end)] + [peak]))
