-- Once, on db1, as its superuser. The standby, which is not there yet and so is not waited for, copies it.
SET synchronous_commit = local;
CREATE ROLE chatd LOGIN PASSWORD 'change-me';
CREATE ROLE replicator LOGIN REPLICATION PASSWORD 'change-me-too';
CREATE DATABASE chatd OWNER chatd TEMPLATE template0 ENCODING 'UTF8';
