"""Everything as Parquet files, for DuckDB, pandas, Spark and their like: by facility and month, written only where it
has changed. Needs the extra `parquet` (pyarrow).
"""
