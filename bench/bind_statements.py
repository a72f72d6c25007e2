"""Binds the queries of a compiled project in one DuckDB connection, parents first, over empty tables, and prints the
seconds of wall and CPU time that this took: the least that a check of the same project can cost. See check.py."""
import json
import sys
import time

import duckdb

manifest = json.load(open(sys.argv[1]))
nodes = manifest["nodes"]
order, seen = [], set()


def visit(name):
    edge = [(name, iter(nodes[name]["depends_on"]["nodes"]))]
    seen.add(name)
    while edge:
        name, parents = edge[-1]
        parent = next((parent for parent in parents if parent in nodes and parent not in seen), None)
        if parent is None:
            order.append(name)
            edge.pop()
        else:
            seen.add(parent)
            edge.append((parent, iter(nodes[parent]["depends_on"]["nodes"])))


for name in nodes:
    if name not in seen:
        visit(name)

connection = duckdb.connect()
begin = (time.perf_counter(), time.process_time())
attached = set()
for name in order:
    node = nodes[name]
    if node["database"] not in attached:
        attached.add(node["database"])
        connection.execute(f"attach ':memory:' as \"{node['database']}\"")
    if node["resource_type"] == "seed":
        path = f"{sys.argv[2]}/{node['original_file_path']}"
        connection.execute(f"create table {node['relation_name']} as select * from read_csv('{path}') limit 0")
    elif node.get("compiled_code"):
        columns = connection.execute("describe " + node["compiled_code"]).fetchall()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral":
            listed = ", ".join(f'"{column[0]}" {column[1]}' for column in columns)
            connection.execute(f"create table {node['relation_name']} ({listed})")
print(time.perf_counter() - begin[0], time.process_time() - begin[1])
