"""The stages put together: plan, collect, process, report, rebuild."""
