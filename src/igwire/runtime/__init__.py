"""What igwire starts and stops on this machine: background processes, the local Elasticsearch, the ladder of engines."""
