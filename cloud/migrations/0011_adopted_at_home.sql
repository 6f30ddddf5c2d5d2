-- A wearable that a person pairs at a gateway is added by the worker, when the gateway says so.
grant insert on wearable to mediassist_ingest;
